import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { bubblewrapDriver } from "./bubblewrap-driver.ts";
import { probeBubblewrap } from "./bubblewrap-probe.ts";
import { mayDelegate, ownCgroup } from "./cgroup.ts";
import { processDriver } from "./process-driver.ts";
import { DriverBed, type MakeDriver } from "./testing/driver-bed.ts";
import { type HostileJob, hostileJobs } from "./testing/hostile-jobs.ts";
import { type HostileColumn, hostileColumns, hostileTable, outcomeInWords } from "./testing/hostile-table.ts";
import { hostileTrial } from "./testing/hostile-trial.ts";
import { canLimitProcesses } from "./testing/process-limit.ts";

const own = ownCgroup();
const delegated = own !== null && mayDelegate(own);
const isRoot = process.getuid?.() === 0;
const found = await probeBubblewrap({ environment: process.env, network: "none", hidden: [], workspace: tmpdir() });
if (!found.works) console.warn(`Skipped: hostile jobs under the bubblewrap driver, because ${found.why}`);
const bubblewrap: MakeDriver | null = found.works
  ? ({ home, ...options }) => bubblewrapDriver({ ...options, ...found.options, hidden: [home] })
  : null;
const enclosed = bubblewrap as MakeDriver;

const subjects = [
  { column: hostileColumns[0], enclosing: true, inCgroups: true, makeDriver: enclosed },
  {
    ...{ column: hostileColumns[1], enclosing: true, inCgroups: false },
    makeDriver: (options: Parameters<MakeDriver>[0]) => enclosed({ ...options, cgroupRoot: null }),
  },
  { column: hostileColumns[2], enclosing: false, inCgroups: true, makeDriver: processDriver },
  {
    ...{ column: hostileColumns[3], enclosing: false, inCgroups: false },
    makeDriver: (options: Parameters<MakeDriver>[0]) => processDriver({ ...options, cgroupRoot: null }),
  },
];
const results = new Map(hostileJobs.map(({ name }) => [name, new Map<HostileColumn, string>()]));

/** Why this machine cannot show it; null when it can. */
function obstacle({ enclosing, inCgroups }: (typeof subjects)[number], { rootOnly, bomb }: HostileJob): string | null {
  if (enclosing && !found.works) return `bubblewrap does not work here: ${found.why}`;
  if (inCgroups && !delegated) return "this user may not make cgroups";
  if (rootOnly === true && !isRoot) return "it needs root";
  if (bomb === true && !canLimitProcesses()) return "this user cannot limit how many processes it makes";
  return null;
}

describe.each(subjects)("a hostile job under $column", (subject) => {
  test.for(hostileJobs)("that $name", { timeout: 120_000 }, async (job, context) => {
    const why = obstacle(subject, job);
    if (why !== null) context.skip(why);
    const bed = new DriverBed(subject.makeDriver);
    try {
      const outcome = await hostileTrial({ bed, job });
      results.get(job.name)?.set(subject.column, outcomeInWords(outcome));
      expect(outcome).toMatchObject({ ended: true, wiped: true });
      expect(outcome.frozen).not.toBe(false);
      if (subject.enclosing) expect(outcome.outside).toEqual([]);
    } finally {
      await bed.close();
    }
  });
});

test("the table in the documentation is what was measured", async () => {
  const path = join(import.meta.dirname, "../../docs/hostile-jobs.md");
  await expect(hostileTable(results, path)).toMatchFileSnapshot(path);
});
