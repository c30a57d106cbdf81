import { randomUUID } from "node:crypto";

import { routes } from "../../../protocol/routes.ts";
import { WaitError } from "../../steps/wait-error.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";
import { signedCall } from "./signed-call.ts";

/** Sends a heartbeat, well formed and freshly signed with a key that its agent revoked. */
export async function useRevokedKey(stage: HostStage, step: StepOf<"use-revoked-key">): Promise<string> {
  const { agentId } = stage.agent(step.agent);
  const key = stage.keptKeys.get(step.agent);
  if (key === undefined) throw noKey(step.agent);
  const body = {
    state: "Idle",
    slots: 1,
    slotsFree: 1,
    resources: { cpus: 1, loadAverage: 0, memoryBytesTotal: 0, memoryBytesFree: 0 },
    leases: [],
  };
  const call = { agentId, instanceId: randomUUID(), key, path: routes.heartbeat, body };
  const { status, code } = await signedCall(stage, call);
  stage.options.history.record("witness.revoked-key", { status, code });
  return `the broker answered ${status} ${code}`;
}

/** The agent under test may keep its key elsewhere. */
export function noKey(name: string): WaitError {
  return new WaitError(`No key of ${name} was found in its home, so that it could not be tried.`, {
    code: "no-key",
    next: "The key is expected as a PEM file in the agent's home.",
  });
}
