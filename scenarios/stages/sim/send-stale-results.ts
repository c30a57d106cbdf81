import { staleLeases, staleWords } from "../../steps/stale-leases.ts";
import type { StepOf } from "../../steps/step.ts";
import type { SimStage } from "./sim-stage.ts";

/** Has the broker judge results and other words under leases that are over; signatures are taken as good here. */
export function sendStaleResults(stage: SimStage, step: StepOf<"send-stale-results">): string {
  const { agentId } = stage.agent(step.agent).host;
  const codes: string[] = [];
  for (const lease of staleLeases(stage.records, agentId)) {
    const { jobId, leaseId, epoch, instanceId } = lease;
    const caller = { agentId, instanceId };
    for (const word of staleWords(lease)) {
      const response = stage.simulation.broker.ask({ ...word, caller, leaseId });
      const code = response === undefined ? "no-broker" : response.ok ? "ok" : response.code;
      stage.record("witness.stale-result", { agentId, jobId, leaseId, epoch, action: word.type, code });
      codes.push(`${word.type}: ${code}`);
    }
  }
  return codes.length === 0 ? "no lease of its was taken back" : codes.join(", ");
}
