import type { HistoryRecord } from "../../protocol/history.ts";
import { StepError } from "./step-error.ts";
import type { StepOf } from "./step.ts";

/**
 * The first jobs of a batch that an agent holds by what the broker told, as many as are wanted.
 *
 * @throws StepError `not-held` when it holds fewer
 */
export function heldJobs(
  records: readonly HistoryRecord[],
  { batch, agentId, step }: { batch: ReadonlyMap<string, unknown>; agentId: string; step: StepOf<"cancel"> },
): string[] {
  const held = new Set<string>();
  for (const { type, data } of records) {
    if (type !== "broker.leased" && type !== "broker.released") continue;
    if (data.agentId !== agentId || !batch.has(data.jobId)) continue;
    if (type === "broker.leased") held.add(data.jobId);
    else held.delete(data.jobId);
  }
  if (held.size >= step.jobs) return [...held].slice(0, step.jobs);
  throw new StepError(`${step.agent} holds ${held.size} jobs (${step.batch}), and ${step.jobs} were to be cancelled.`, {
    code: "not-held",
    next: "Wait for them before, with the step await-busy.",
  });
}
