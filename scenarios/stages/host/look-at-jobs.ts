import type { RunHistory } from "../../run-history.ts";
import type { HostStage } from "./host-stage.ts";

/**
 * Writes down what the broker shows of every job when the steps are over: of those that nobody has ended it alone can say
 * that it has them still. A broker that is down by then, or does not answer, shows nothing.
 */
export async function lookAtJobs(stage: HostStage, history: Pick<RunHistory, "record">): Promise<void> {
  if (stage.broker === undefined || stage.broker.actor.hasExited()) return;
  const shown = await stage.broker.operator.jobs().catch(() => {
    stage.options.signal.throwIfAborted();
    return undefined;
  });
  if (shown === undefined) return;
  const jobs = shown.map(({ jobId, state, epoch, agentId, leaseId, submittedAt }) => {
    return { jobId, state, epoch, agentId, leaseId, submittedAt };
  });
  history.record("witness.jobs", { jobs });
}
