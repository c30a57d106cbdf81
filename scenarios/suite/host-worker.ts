import { resolve } from "node:path";
import { inspect } from "node:util";

import { ExitCode } from "../../foundation/exit-codes.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { scenarioNamed } from "../catalog/catalog.ts";
import type { RunOptions } from "../config.ts";
import { loadAgent } from "../foreign/load-agent.ts";
import { loadScenario } from "../loading/load-scenario.ts";
import { isOwnBug } from "../own-bug.ts";
import { beyondSentence } from "../program-end.ts";
import { runScenario } from "../runner.ts";
import { hearBeyondRuns } from "../unheard-errors.ts";
import { passingOn } from "./following.ts";
import { tellParent } from "./tell-parent.ts";

/** What a process of its own is asked to run. */
export interface HostTask {
  readonly scenario: string;
  /** In which it was defined, if that was a user's. */
  readonly file: string | undefined;
  readonly stage: "host" | "netns";
  readonly options: RunOptions;
  readonly runs: string;
  readonly reproduce: string;
  readonly retryOf: readonly string[] | undefined;
  readonly keep: boolean;
  /** Of somebody else's agent. */
  readonly agentFile: string | undefined;
  /** Somebody wants to hear where it is while it goes on. */
  readonly isFollowed: boolean;
}

/** Where the run is, any number of times, and what came of it in the end. */
export type HostWord = { readonly goesOn: HistoryRecord } | HostAnswer;

export interface HostAnswer {
  readonly verdict: RunVerdict;
  readonly directory: string;
}

/** Whoever asked is gone: this run ends as if it had been asked to, and undoes what it did. */
const onOrphaned = (): void => void process.kill(process.pid, "SIGTERM");

let isAnswered = false;

// What failed when the run did not hear it: whoever asked is told by the exit code.
hearBeyondRuns((error, run) => {
  process.stderr.write(beyondSentence(error, run));
  if (process.exitCode !== ExitCode.harnessBug) {
    process.exitCode = isOwnBug(error) ? ExitCode.harnessBug : ExitCode.unknown;
  }
  // The answer is given: as it would end without this, so that nothing that fails again and again keeps it.
  if (isAnswered) process.exit();
});

process.once("message", (task: HostTask) => void answer(task).catch(endUnanswered));
process.once("disconnect", onOrphaned);

async function answer({ scenario: name, file, agentFile, isFollowed, ...task }: HostTask): Promise<void> {
  const scenario = file === undefined ? scenarioNamed(name) : await loadScenario(file, { whole: true });
  const agent = agentFile === undefined ? {} : { agent: await loadAgent(agentFile) };
  const verdict = await runScenario({ scenario, reporters: isFollowed ? [passingOn(goesOn)] : [], ...task, ...agent });
  process.off("disconnect", onOrphaned);
  // Whoever asked may be gone; what came of it stands in the run directory.
  await tellParent({ verdict, directory: resolve(task.runs, verdict.run) } satisfies HostAnswer);
  isAnswered = true;
}

function endUnanswered(error: unknown): void {
  process.stderr.write(`${inspect(error)}\n`);
  process.exit(ExitCode.fail);
}

/** Whoever asked may be gone, which is no reason for the run to end otherwise than it does then. */
function goesOn(record: HistoryRecord): void {
  if (process.connected) process.send?.({ goesOn: record } satisfies HostWord, undefined, undefined, () => undefined);
}
