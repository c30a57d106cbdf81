import type { BrokerInput } from "../../../broker-sim/core/inputs.ts";
import { problemStatus } from "../../../broker-sim/io/problem-status.ts";
import type { StepOf } from "../../steps/step.ts";
import { StepError } from "../../steps/step-error.ts";
import type { SimStage } from "./sim-stage.ts";

const nobody = "ffffffff-ffff-4fff-8fff-ffffffffffff";
const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 0, memoryBytesFree: 0 };

/**
 * Has the broker judge a heartbeat as whoever holds the agent's key would send it, and an enrolment if that is refused;
 * signatures are taken as good here.
 */
export function useRevokedKey(stage: SimStage, step: StepOf<"use-revoked-key">): string {
  const { agentId } = stage.agent(step.agent).host;
  const caller = { agentId, instanceId: nobody };
  const heartbeat = { state: "Idle", slots: 1, slotsFree: 1, resources, leases: [] } as const;
  const first = tell(stage, { type: "heartbeat", caller, message: { ...heartbeat, leases: [] } });
  if (first !== "401 revoked") return `the broker answered ${first}`;
  const revocation = { agentId, signature: "A".repeat(86) };
  const message = { publicKey: "A".repeat(43), slots: 1, revocation };
  const second = tell(stage, { type: "enrol", caller, message, joinTokenMatches: true, revocationVerified: true });
  return `the broker answered ${first}, and an enrolment ${second}`;
}

function tell(stage: SimStage, input: BrokerInput<"heartbeat"> | BrokerInput<"enrol">): string {
  const response = stage.simulation.broker.ask(input);
  if (response === undefined) {
    throw new StepError("The broker is down, so that the key could not be tried.", {
      code: "no-broker",
      next: "Start it before.",
    });
  }
  const [status, code] = response.ok ? [200, "none"] : [problemStatus[response.code], response.code];
  stage.record("witness.revoked-key", { status, code });
  return `${status} ${code}`;
}
