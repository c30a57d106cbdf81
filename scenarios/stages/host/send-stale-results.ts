import { routes } from "../../../protocol/routes.ts";
import { staleLeases, staleResult } from "../../steps/stale-leases.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";
import { keepKey } from "./kept-key.ts";
import { signedCall } from "./signed-call.ts";
import { noKey } from "./use-revoked-key.ts";

/** Sends results under leases that are over, with a copy of the agent's key. */
export async function sendStaleResults(stage: HostStage, step: StepOf<"send-stale-results">): Promise<string> {
  const { history } = stage.options;
  const agent = stage.agent(step.agent);
  const { agentId } = agent;
  keepKey(stage, agent);
  const key = stage.keptKeys.get(step.agent);
  if (key === undefined) throw noKey(step.agent);
  const codes: string[] = [];
  for (const lease of staleLeases(history.records, agentId)) {
    const { jobId, leaseId, epoch, instanceId } = lease;
    const path = routes.leaseAction(leaseId, "complete");
    const { status, code } = await signedCall(stage, { agentId, instanceId, key, path, body: staleResult(lease) });
    history.record("witness.stale-result", { agentId, jobId, leaseId, epoch, code: status === 200 ? "ok" : code });
    codes.push(`${status} ${code}`);
  }
  return codes.length === 0 ? "no lease of its was taken back" : codes.join(", ");
}
