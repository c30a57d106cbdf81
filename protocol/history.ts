import * as z from "zod";

import { agentHistory } from "./history-of-agent.ts";
import { brokerHistory } from "./history-of-broker.ts";
import { harnessHistory } from "./history-of-harness.ts";
import { hostileJobHistory } from "./history-of-hostile-jobs.ts";
import { WallMs } from "./identifiers.ts";

/**
 * The history: the append-only event log of one run, one JSON object a line. Every actor appends its own records;
 * verdicts and reports are derived from it and can be derived again.
 */
export const historyEvents = { ...harnessHistory, ...hostileJobHistory, ...agentHistory, ...brokerHistory } as const;

export type HistoryType = keyof typeof historyEvents;
export type HistoryData<T extends HistoryType> = z.infer<(typeof historyEvents)[T]>;

export const historyActors = ["harness", "agent", "broker"] as const;
export type HistoryActor = (typeof historyActors)[number];

export type HistoryRecord = {
  [T in HistoryType]: {
    /** Wall time in milliseconds since the epoch, with a fraction; comparable between processes of one host. */
    readonly at: number;
    readonly actor: HistoryActor;
    /** Which one: an instance id, a pid, a run id. */
    readonly source: string;
    /** Counts the records of one source from 0; a gap means that evidence was lost. */
    readonly sequence: number;
    readonly type: T;
    readonly data: HistoryData<T>;
  };
}[HistoryType];

const Envelope = z.strictObject({
  at: WallMs,
  actor: z.enum(historyActors),
  source: z.string(),
  sequence: z.int().min(0),
  type: z.enum(Object.keys(historyEvents) as [HistoryType, ...HistoryType[]]),
  data: z.unknown(),
});

/** Who alone can say a thing of this type. */
function actorOf(type: HistoryType): HistoryActor {
  return historyActors.find((actor) => type.startsWith(`${actor}.`)) ?? "harness";
}

/** Reads one line of a history; the error says what is wrong with it. */
export function parseHistoryLine(line: string): { record: HistoryRecord } | { error: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { error: "the line is not JSON" };
  }
  const envelope = Envelope.safeParse(value);
  if (!envelope.success) return { error: z.prettifyError(envelope.error) };
  const { actor, type } = envelope.data;
  if (actorOf(type) !== actor) return { error: `${type}: ${actor} cannot say that` };
  const data = historyEvents[envelope.data.type].safeParse(envelope.data.data);
  if (!data.success) return { error: `${envelope.data.type}: ${z.prettifyError(data.error)}` };
  return { record: { ...envelope.data, data: data.data } as HistoryRecord };
}
