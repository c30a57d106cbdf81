import type { HistoryData, HistoryRecord, HistoryType } from "../../protocol/history.ts";
import { isTerminalJob } from "../../protocol/job-states.ts";
import { counted, duration } from "../text/duration.ts";

/** An event that a person who watches would like to know of, in a few words. */
export interface Notable {
  readonly text: string;
  /** Whether it is a bad sign, so that it stays to be read. */
  readonly bad: boolean;
}

/** What a record says, or undefined where it is routine (heartbeats, files that change). */
export function notable({ type, data }: HistoryRecord): Notable | undefined {
  const tell = words[type] as ((data: HistoryRecord["data"]) => Notable | undefined) | undefined;
  return tell?.(data);
}

const good = (text: string): Notable => ({ text, bad: false });
const bad = (text: string): Notable => ({ text, bad: true });

const words: { readonly [T in HistoryType]?: (data: HistoryData<T>) => Notable | undefined } = {
  "agent.state": ({ from, to }) => (from === to ? undefined : good(`agent ${from} → ${to}`)),
  "agent.refused": ({ event, state, reason }) => good(`agent refused ${event} while ${state}: ${reason}`),
  "agent.frozen": ({ processes, freezeMs }) =>
    good(`${counted(processes, "process", "processes")} frozen in ${duration(freezeMs)}`),
  "agent.checkpoint": ({ jobId, durationMs }) => good(`${jobId} checkpointed in ${duration(durationMs)}`),
  "agent.checkpoint-failed": ({ jobId, reason }) => bad(`${jobId} could not be checkpointed: ${reason}`),
  "agent.broker": ({ reachable, detail }) =>
    reachable ? good("the broker answers") : bad(`the broker does not answer: ${detail}`),
  "agent.shutdown": ({ trigger, stage }) => good(`agent shutdown (${trigger}): ${stage}`),
  "agent.withdrawal": ({ report }) =>
    report.clean ? good("the agent withdrew") : bad("the agent withdrew and reports that something is left"),
  "broker.job": ({ jobId, to }) => (isTerminalJob(to) ? { text: `${jobId} ${to}`, bad: to === "failed" } : undefined),
  "broker.released": ({ jobId, how, progress }) =>
    how === "handed-back" ? good(`${jobId} handed back at ${progress}`) : undefined,
  "broker.refused": ({ route, code }) => good(`broker refused ${route}: ${code}`),
  "broker.agent": ({ standing, reason }) => ({
    text: `the broker's word on the agent: ${standing}, ${reason}`,
    bad: standing === "lost",
  }),
  "witness.freeze": ({ latencyMs }) => good(`frozen within ${duration(latencyMs)}, seen from outside`),
  "witness.asked": ({ command }) => good(`the owner asks: ${command}`),
  "witness.answered": ({ command, ok, code, waitedMs }) =>
    ok
      ? good(`${command} granted after ${duration(waitedMs)}`)
      : { text: `${command} not granted after ${duration(waitedMs)}: ${code}`, bad: code === "no-answer" },
  "witness.signal": ({ signal }) => good(`${signal} sent to the agent`),
  "witness.revoked-key": ({ status, code }) => good(`revoked key answered with ${status} ${code}`),
  expectation: ({ title, result }) => (result === "pass" ? undefined : bad(`${title}: ${result}`)),
  "process.exit": ({ name, code, signal }) => good(`${name} ended (${signal ?? `exit ${code ?? "unknown"}`})`),
};
