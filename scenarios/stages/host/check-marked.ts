import type { AgentStatus } from "../../../protocol/control.ts";
import { historyVariable, jobEnvironment } from "../../../protocol/job-environment.ts";
import { StepError } from "../../steps/step-error.ts";
import { processEnvironment } from "./proc.ts";

/**
 * A job's process says in its environment whose it is, so that what it leaves is found, and has nothing of the agent's
 * own there. Nothing is said of processes whose environment this user may not read, or that have just ended.
 *
 * @throws StepError `not-marked`
 */
export function checkMarked(agentId: string, sandboxes: AgentStatus["sandboxes"]): void {
  for (const { pid, leaseId } of sandboxes) {
    const environment = pid === null ? undefined : processEnvironment(pid);
    if (environment === undefined || environment.size === 0) continue;
    const isMarked =
      environment.get(jobEnvironment.leaseId) === leaseId && environment.get(jobEnvironment.agentId) === agentId;
    if (isMarked && !environment.has(historyVariable)) continue;
    const what = isMarked ? "has what is the agent's own" : "does not say whose it is";
    throw new StepError(`The job's process ${pid} under ${leaseId} ${what} in its environment.`, {
      code: "not-marked",
      next: `Look at it with: tr '\\0' '\\n' < /proc/${pid}/environ.`,
    });
  }
}
