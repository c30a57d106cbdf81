import { routes } from "../../../protocol/routes.ts";
import { staleLeases, staleWords } from "../../steps/stale-leases.ts";
import type { StepOf } from "../../steps/step.ts";
import { forgeCalls } from "./forge-calls.ts";
import type { HostStage } from "./host-stage.ts";
import { keepKey } from "./kept-key.ts";
import { type SignedCall, signedCall } from "./signed-call.ts";
import { noKey } from "./use-revoked-key.ts";

/**
 * Sends results and other words under leases that are over, with a copy of the agent's key; and then what has not been
 * signed with it, or not now.
 */
export async function sendStaleResults(stage: HostStage, step: StepOf<"send-stale-results">): Promise<string> {
  const { history } = stage.options;
  const agent = stage.agent(step.agent);
  const { agentId } = agent;
  keepKey(stage, agent);
  const key = stage.keptKeys.get(step.agent);
  if (key === undefined) throw noKey(step.agent);
  const codes: string[] = [];
  let last: SignedCall | null = null;
  for (const lease of staleLeases(history.records, agentId)) {
    const { jobId, leaseId, epoch, instanceId } = lease;
    for (const { type, message } of staleWords(lease)) {
      const path = routes.leaseAction(leaseId, type);
      last = { agentId, instanceId, key, path, body: message };
      const { status, code } = await signedCall(stage, last);
      const told = status === 200 ? "ok" : code;
      history.record("witness.stale-result", { agentId, jobId, leaseId, epoch, action: type, code: told });
      codes.push(`${type}: ${status} ${code}`);
    }
  }
  if (last === null) return "no lease of its was taken back";
  const forged = await forgeCalls(stage, last);
  return `${codes.join(", ")}; ${forged} forged calls were refused`;
}
