import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { killTree } from "./kill-tree.ts";
import { Tally, tallyVariable } from "./tally.ts";

const root = resolve(import.meta.dirname, "..");
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const reporter = join(root, "tools/tally-reporter.ts");

export interface TestRun {
  /** What goes to vitest: names of files and folders, options. */
  readonly parameters: readonly string[];
  /** Whether what vitest prints is shown, or else the descriptor of the file that takes it. */
  readonly output: "shown" | "hidden" | number;
  /** Whether it leaves the processors to everybody else who wants them. It is in a session of its own then. */
  readonly isPatient?: boolean;
  /** Added to the environment of the tests. */
  readonly environment?: Readonly<Record<string, string>>;
  /** After how long vitest is killed: a worker that never returns from a call is past vitest's own deadlines. */
  readonly deadlineMs?: number;
  /** How long vitest may take to end once it told its result. It waits for whoever holds its workers' output. */
  readonly endingMs?: number;
}

/** Runs the tests with vitest. A run that crashed, or hung, or in which no test ran, is a failure of its own. */
export async function runTests(run: TestRun): Promise<Tally> {
  const { parameters, output, isPatient = false, environment, deadlineMs = 40 * 60_000, endingMs = 60_000 } = run;
  const folder = mkdtempSync(join(tmpdir(), "houseguest-tally-"));
  try {
    const file = join(folder, "tally.json");
    const command = [process.execPath, vitest, "run", "--reporter=default", `--reporter=${reporter}`, ...parameters];
    const [program = "", ...rest] = isPatient ? ["nice", "-n", "19", ...command] : command;
    const printed = output === "shown" ? "inherit" : output === "hidden" ? "ignore" : output;
    const child = spawn(program, rest, {
      cwd: root,
      stdio: [output === "shown" ? "inherit" : "ignore", printed, printed],
      detached: isPatient,
      env: { ...process.env, ...environment, [tallyVariable]: file },
    });
    if (isPatient) letOthersFirst(child);
    const told = watch(folder, () => {
      told.close();
      bound(child, endingMs);
    });
    bound(child, deadlineMs);
    const ending = await endOf(child, { isOfOurSession: !isPatient });
    told.close();
    if (!existsSync(file))
      return { passed: 0, failures: [`vitest ended ${ending.how}, without a result`], flaky: [], skips: [] };
    const tally = Tally.parse(JSON.parse(readFileSync(file, "utf8")));
    if (tally.passed + tally.failures.length === 0) tally.failures.push("no test was run");
    if (!ending.good && tally.failures.length === 0) tally.failures.push(`vitest ended ${ending.how}; see above`);
    return tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Kills the child, and what it started, if it is still there then. */
function bound(child: ChildProcess, ms: number): void {
  const timer = setTimeout(() => child.pid !== undefined && void killTree(child.pid), ms);
  child.once("exit", () => clearTimeout(timer));
}

/** Linux shares the processors out between sessions (autogroups, sched(7)) before nice(1) counts within one of them. */
function letOthersFirst({ pid }: ChildProcess): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, "19");
  } catch {
    // There are none here, or they may not be written to: nice(1) does.
  }
}

/**
 * Waits until the child is gone. It hears Ctrl-C by itself, and what is sent to this process alone through us; where it is
 * in a session of its own it, and all that it started there, hears everything through us.
 */
async function endOf(
  child: ChildProcess,
  { isOfOurSession }: { readonly isOfOurSession: boolean },
): Promise<{ good: boolean; how: string }> {
  const forward = (signal: NodeJS.Signals) => {
    if (isOfOurSession) child.kill(signal);
    else if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal);
  };
  const stay = isOfOurSession ? () => undefined : forward;
  process.on("SIGINT", stay).on("SIGTERM", forward).on("SIGHUP", forward);
  try {
    return await new Promise((done) => {
      child.on("error", ({ message }) => done({ good: false, how: `before it began: ${message}` }));
      child.on("exit", (code, signal) => done({ good: code === 0, how: signal ?? `with code ${code}` }));
    });
  } finally {
    process.off("SIGINT", stay).off("SIGTERM", forward).off("SIGHUP", forward);
  }
}
