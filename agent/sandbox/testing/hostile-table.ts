import { existsSync, readFileSync } from "node:fs";

import { hostileJobs } from "./hostile-jobs.ts";
import type { HostileOutcome } from "./hostile-trial.ts";

/** The drivers as the table's columns name them. */
export const hostileColumns = [
  "`bubblewrap`, cgroups",
  "`bubblewrap`, no cgroups",
  "`process`, cgroups",
  "`process`, no cgroups",
] as const;
export type HostileColumn = (typeof hostileColumns)[number];

export type HostileResults = ReadonlyMap<string, ReadonlyMap<HostileColumn, string>>;

const head = `# Hostile jobs

What each driver makes of jobs that do not want to be stopped, ended or wiped. Written by \`agent/sandbox/hostile-jobs.host.test.ts\`, which puts each job through a freeze of 200 ms, a thaw, a termination and a wipe, and fails when this table is not what it measured; \`npx vitest run -u agent/sandbox/hostile-jobs.host.test.ts\` writes it anew. A cell that cannot be measured on a machine (no bubblewrap, no cgroups, not root) is kept as it is. Measured as root.

- **frozen**: no process of it gained CPU time for 200 ms, by the kernel's books.
- **ended**: none of its processes was left afterwards.
- **wiped**: its workspace was gone.
- What is **bold** is a promise that this driver cannot keep.
`;

const tail = `
What is not in the table because no driver can promise it: a process in an uninterruptible sleep (D) ends only when the kernel lets it; the agent then names it and marks the slot as broken. Who leaves environment, session and parent at once under \`process\` without cgroups is found because the agent adopts every job's orphans (prctl(2), PR_SET_CHILD_SUBREAPER); where it cannot, or was killed meanwhile, nothing finds such a one, and the withdrawal's report says that it would not have been seen. What files a job can reach is not in the table either: under \`process\` all that the agent's user can, other agents' keys and control sockets included; under \`bubblewrap\` this host's programs and settings, to read ([why](adr/0013-what-an-enclosed-job-sees.md)). What else the driver in use cannot promise on a machine, \`donor-agent status\` says there.
`;

/** One cell. */
export function outcomeInWords({ frozen, ended, wiped, outside, notes }: HostileOutcome): string {
  const words = [
    ...(frozen === null ? [] : [frozen ? "frozen" : "**runs on**"]),
    ended ? "ended" : "**processes left**",
    wiped ? "wiped" : "**not wiped**",
    ...outside.map((place) => `**left in ${place}**`),
    ...notes.map((note) => (note.startsWith("left:") || note.startsWith("reached") ? `**${note}**` : note)),
  ];
  return words.join(", ");
}

/** The whole document: what was measured now, and what stood there where it could not be. */
export function hostileTable(results: HostileResults, path: string): string {
  const before = cellsIn(path);
  const rows = hostileJobs.map(({ name }) => {
    const cells = hostileColumns.map(
      (column) => results.get(name)?.get(column) ?? before.get(name)?.get(column) ?? "not measured",
    );
    return `| ${[name, ...cells].join(" | ")} |`;
  });
  const titles = ["a job that …", ...hostileColumns];
  const lines = [`| ${titles.join(" | ")} |`, `|${titles.map(() => "---|").join("")}`, ...rows];
  return `${head}\n${lines.join("\n")}\n${tail}`;
}

function cellsIn(path: string): HostileResults {
  if (!existsSync(path)) return new Map();
  const rows = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.slice(2, -2).split(" | "));
  return new Map(
    rows.map(([name = "", ...cells]) => [
      name,
      new Map(hostileColumns.map((column, index) => [column, cells[index] ?? "not measured"])),
    ]),
  );
}
