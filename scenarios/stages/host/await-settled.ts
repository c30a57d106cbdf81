import { isTerminalJob } from "../../../protocol/job-states.ts";
import { settledWithinMs } from "../../steps/kinds/await-settled.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";

/** Waits until every job of a batch is completed, failed or cancelled. */
export async function awaitSettled(stage: HostStage, step: StepOf<"await-settled">): Promise<string> {
  const batch = stage.batch(step.batch);
  const settled = () => {
    const ended = new Map<string, string>();
    for (const record of stage.options.history.records) {
      if (record.type !== "broker.job" || !batch.has(record.data.jobId)) continue;
      if (isTerminalJob(record.data.to)) ended.set(record.data.jobId, record.data.to);
    }
    return ended;
  };
  await stage.options.history.until(`the end of ${batch.size} jobs`, () => settled().size === batch.size, {
    withinMs: settledWithinMs(step, batch.size),
    signal: stage.options.signal,
  });
  const completed = [...settled().values()].filter((state) => state === "completed").length;
  return `${completed} of ${batch.size} jobs completed`;
}
