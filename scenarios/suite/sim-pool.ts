import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";

import { Piscina } from "piscina";

import { messageOf } from "../../foundation/errors.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import type { RunVerdict } from "../../protocol/verdict.ts";
import { readRun } from "../../reports/runs/read-run.ts";
import type { RunRequest } from "../runner.ts";
import { followerOf } from "./following.ts";
import { noteBeyond } from "../program-end.ts";
import { EndedEarly } from "./ended-early.ts";
import type { Beyond, SimTask } from "./sim-worker.ts";
import { stopChannel } from "./stop-channel.ts";

/**
 * Runs scenarios in virtual time in threads of their own, side by side. Reporters hear where each is, and are told of it
 * when it is over, from what lies in its run directory. Close it, or the process goes on.
 *
 * @param signal aborted, whatever is under way ends as if it had been interrupted
 */
export function openSimPool(
  threads: number,
  signal: AbortSignal,
): { run: (request: RunRequest) => Promise<RunVerdict>; close: () => Promise<void> } {
  const pool = new Piscina<SimTask, { verdict: RunVerdict; directory: string }>({
    filename: new URL("sim-worker.ts", import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
  });
  pool.on("message", (message: unknown) => {
    // A user's file may send something, too.
    if (isBeyond(message)) noteBeyond(message.beyond, message.ownBug);
  });
  const channel = new BroadcastChannel(stopChannel);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads, not windows
  const stop = () => channel.postMessage("stop");
  signal.addEventListener("abort", stop, { once: true });
  return {
    async run({ scenario, options, runs, reporters, reproduce, retryOf }) {
      const line = lineTo(followerOf(reporters));
      const task = { scenario: scenario.name, file: scenario.file, options, runs, reproduce, retryOf };
      const { verdict, directory } = await pool
        .run({ ...task, follower: line?.far }, { transferList: line === undefined ? [] : [line.far] })
        .catch((error: unknown) => {
          // So piscina has it; its error has no code.
          if (!messageOf(error).startsWith("worker exited with code: ")) throw error;
          throw new EndedEarly(scenario.name);
        })
        .finally(() => line?.end());
      const { history, lostEvidence } = readRun(directory);
      for (const reporter of reporters) reporter.end({ verdict, history, runDirectory: directory, lostEvidence });
      return verdict;
    },
    async close() {
      signal.removeEventListener("abort", stop);
      channel.close();
      await pool.close();
    },
  };
}

/**
 * On which a thread says where its run is. Its result comes another way, and may overtake that where this thread is busy:
 * what is still to be heard is heard before the end.
 */
function lineTo(
  follow: ((record: HistoryRecord) => void) | undefined,
): { readonly far: MessagePort; readonly end: () => void } | undefined {
  if (follow === undefined) return undefined;
  const { port1: near, port2: far } = new MessageChannel();
  near.on("message", follow);
  const end = (): void => {
    for (let rest = receiveMessageOnPort(near); rest !== undefined; rest = receiveMessageOnPort(near)) {
      follow(rest.message as HistoryRecord);
    }
    near.close();
  };
  return { far, end };
}

function isBeyond(message: unknown): message is Beyond {
  const { beyond, ownBug } = (message ?? {}) as Partial<Record<keyof Beyond, unknown>>;
  return typeof beyond === "string" && typeof ownBug === "boolean";
}
