import type { HistoryRecord } from "../../../protocol/history.ts";
import { plainKinds } from "../../steps/kinds/plain-kinds.ts";
import type { StepOf } from "../../steps/step.ts";
import type { AnyStage } from "./any-stage.ts";

/** Waits until the history has so many such records. */
export async function waitUntil(stage: AnyStage, step: StepOf<"wait-until">): Promise<string> {
  const { count = 1, withinMs } = step;
  const beganAtMs = stage.nowMs;
  let looked = 0;
  let found = 0;
  let undecided: HistoryRecord[] = [];
  const isThere = () => {
    // Each record is looked at once, however often this is asked, unless nobody could say yet whose it is.
    const fresh = stage.records.slice(looked);
    looked += fresh.length;
    const candidates = [...undecided, ...fresh.filter((record) => isSuch(step, record))];
    undecided = [];
    for (const record of candidates) {
      const isOfIt = step.agent === undefined || stage.isOf(step.agent, record);
      if (isOfIt === undefined) undecided.push(record);
      else if (isOfIt) found += 1;
    }
    return found >= count;
  };
  await stage.untilRecorded(plainKinds["wait-until"].title(step).replace("wait for ", ""), isThere, withinMs);
  return `after ${(stage.nowMs - beganAtMs).toFixed(0)} ms`;
}

function isSuch({ event, where = {} }: StepOf<"wait-until">, record: HistoryRecord): boolean {
  if (record.type !== event) return false;
  const data = record.data as Readonly<Record<string, unknown>>;
  return Object.entries(where).every(([field, value]) => data[field] === value);
}
