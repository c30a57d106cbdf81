import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type MessagePort, parentPort } from "node:worker_threads";

import { InterruptedError } from "../../foundation/errors.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { scenarioNamed } from "../catalog/catalog.ts";
import type { RunOptions } from "../config.ts";
import { loadScenario } from "../loading/load-scenario.ts";
import { isOwnBug } from "../own-bug.ts";
import { beyondSentence } from "../program-end.ts";
import { runOnSim } from "../run-on-sim.ts";
import { hearBeyondRuns } from "../unheard-errors.ts";
import { passingOn } from "./following.ts";
import { stopChannel } from "./stop-channel.ts";

/** What a thread is asked to run. */
export interface SimTask {
  readonly scenario: string;
  /** In which it was defined, if that was a user's. */
  readonly file: string | undefined;
  readonly options: RunOptions;
  readonly runs: string;
  readonly reproduce: string;
  readonly retryOf: readonly string[] | undefined;
  /** Where whoever wants to hear where it is listens. */
  readonly follower: MessagePort | undefined;
}

/** What failed when no run of this thread heard it: for whoever decides with which code the program ends. */
export interface Beyond {
  readonly beyond: string;
  readonly ownBug: boolean;
}

hearBeyondRuns((error, run) => {
  const told: Beyond = { beyond: beyondSentence(error, run), ownBug: isOwnBug(error) };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads, not windows
  parentPort?.postMessage(told);
});

/** The pool calls it by its being the default. */
export default async function runTask({
  scenario,
  file,
  options,
  runs,
  reproduce,
  retryOf,
  follower,
}: SimTask): Promise<{
  verdict: RunVerdict;
  directory: string;
}> {
  const stopped = new AbortController();
  const channel = new BroadcastChannel(stopChannel);
  channel.addEventListener("message", () =>
    stopped.abort(new InterruptedError("Interrupted.", { code: "interrupted", next: "The run is judged no further." })),
  );
  try {
    const request = {
      scenario: file === undefined ? scenarioNamed(scenario) : await loadScenario(file, { whole: true }),
      options,
      runs,
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads, not windows
      reporters: follower === undefined ? [] : [passingOn((record) => follower.postMessage(record))],
      ...{ reproduce, retryOf },
      signal: stopped.signal,
    };
    const verdict = await runOnSim(request);
    // What was rejected in its last turn is heard before this thread stands still.
    await setImmediate();
    return { verdict, directory: resolve(runs, verdict.run) };
  } finally {
    channel.close();
    follower?.close();
  }
}
