import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";

import { ResidueReport } from "../../protocol/residue-report.ts";
import { type Field, outcomeOf, writeIdentity } from "./field.ts";
import type { CorpusItem } from "./item.ts";
import type { Outcome } from "./judge.ts";
import { scriptPath } from "./scripts.ts";

const launcher = join(import.meta.dirname, "../../bin/residue.mjs");
const playMsMax = 15 * 60_000;

export interface Played {
  readonly report: ResidueReport;
  /** By the item's name. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** What `residue run` took, from its baseline to its report, in ms. */
  readonly durationMs: number;
}

type Job = ChildProcessByStdio<Writable, Readable, Readable>;

/** Somebody else's process: what it is told, and what it says. */
interface Neighbour {
  readonly orders: Writable;
  readonly answers: Readable;
}

/**
 * Has a job leave its plants under `residue run` while somebody else, who ran before and has nothing to do with the run,
 * does what there is in the background. Either waits for the other, so that all of it happens between the two readings;
 * they hear of each other through this process only.
 *
 * @param options.parameters more parameters for `residue run`
 * @throws an error where the program gives no report
 */
export async function play(
  field: Field,
  {
    plants,
    background,
    parameters = [],
    signal,
  }: {
    plants: readonly CorpusItem[];
    background: readonly CorpusItem[];
    parameters?: readonly string[];
    signal?: AbortSignal | undefined;
  },
): Promise<Played> {
  const reportPath = join(field.directory, "report.json");
  const outcomes = new Map<string, Outcome>();
  writeFileSync(join(field.directory, "job.sh"), jobScript(plants));
  writeFileSync(join(field.directory, "neighbour.sh"), neighbourScript(background));
  writeFileSync(reportPath, "");
  const neighbour = startNeighbour(field);
  const startedMs = performance.now();
  const job = startJob(field, [...parameters, "--report", reportPath]);
  const stop = () => job.kill("SIGTERM");
  const deadline = setTimeout(stop, playMsMax);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const errors = text(job.stderr);
    const ended = once(job, "exit");
    const begun = Promise.withResolvers<void>();
    const planted = listen(job.stdout, outcomes, (word) => word === "begin" && begun.resolve());
    const done = Promise.withResolvers<void>();
    const heard = listen(neighbour.answers, outcomes, (word) => word === "done" && done.resolve());
    await Promise.race([begun.promise, ended]);
    neighbour.orders.write("go\n");
    await Promise.race([done.promise, heard, ended]);
    job.stdin.end("end\n");
    await Promise.all([planted, ended]);
    const durationMs = performance.now() - startedMs;
    signal?.throwIfAborted();
    return { report: readReport(reportPath, await errors), outcomes, durationMs };
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener("abort", stop);
    neighbour.orders.end();
    job.stdin.end();
  }
}

/** Its parent is not this process but process 1: whoever is above the scanner might be taken for somebody who adopts. */
function startNeighbour({ directory }: Field): Neighbour {
  const program = join(directory, "bin/neighbour");
  const starter = spawn("setsid", ["--fork", program, join(directory, "neighbour.sh")], {
    // Orders come by a fourth descriptor: Node closes the standard input of a child that has ended, as this one does.
    stdio: ["ignore", "pipe", "ignore", "pipe"],
    cwd: "/",
    env: { PATH: scriptPath, W: directory, LC_ALL: "C" },
  });
  const orders = starter.stdio[3] as Writable;
  orders.on("error", () => undefined);
  return { orders, answers: starter.stdout as Readable };
}

function startJob({ directory }: Field, parameters: readonly string[]): Job {
  const command = [join(directory, "bin/job"), join(directory, "job.sh")];
  const job = spawn(process.execPath, [launcher, "run", ...parameters, "--", ...command], {
    stdio: ["pipe", "pipe", "pipe"],
    cwd: "/",
    env: { PATH: scriptPath, W: directory, LC_ALL: "C" },
  });
  // Whoever has ended reads nothing any more, and that is told by its end.
  job.stdin.on("error", () => undefined);
  if (job.pid !== undefined) writeIdentity(join(directory, "watcher"), job.pid);
  return job;
}

/** Lines are `did NAME EXITCODE what it said`, or one word. */
async function listen(from: Readable, outcomes: Map<string, Outcome>, hear: (word: string) => void): Promise<void> {
  for await (const line of createInterface(from)) {
    const [word = "", name = "", exitCode = "", ...said] = line.split(" ");
    if (word === "did") outcomes.set(name, outcomeOf({ exitCode: Number(exitCode), said: said.join(" ").trim() }));
    else hear(word);
  }
}

function readReport(path: string, errors: string): ResidueReport {
  const content = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (content === "") throw new Error(`residue run gave no report. It said: ${errors.trim()}`);
  return ResidueReport.parse(JSON.parse(content));
}

/** Nothing is written to the host but what the items write: what came of each goes through a pipe. */
const doing = String.raw`. "$W/prelude.sh"
do_item() {
  said=$(D="$W/p/$1" sh -e "$W/scripts/act-$1.sh" 2>&1 </dev/null)
  echo "did $1 $? $(printf %s "$said" | tr '\n' ' ' | cut -c 1-200)"
}
`;

function jobScript(plants: readonly CorpusItem[]): string {
  const acts = plants.map(({ name }) => `do_item ${name}\n`).join("");
  // It waits until the background is done, too.
  return `${doing}echo begin\n${acts}read -r end || :\n`;
}

function neighbourScript(background: readonly CorpusItem[]): string {
  const steady = background.filter((item) => item.steady !== undefined);
  const rounds = steady.map(
    ({ name }) => `D="$W/p/${name}" sh -e "$W/scripts/steady-${name}.sh" </dev/null >/dev/null 2>&1`,
  );
  const acts = background.map(({ name }) => `do_item ${name}\n`).join("");
  return `${doing}read -r go <&3 || exit 0
while :; do
${["sleep 0.2", ...rounds].join("\n")}
done </dev/null >/dev/null 2>&1 3>&- &
${acts}echo done
read -r end <&3 || :
kill $!
`;
}
