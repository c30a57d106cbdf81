import { createPublicKey, type KeyObject, randomUUID, sign } from "node:crypto";

import type { EnrolRequest } from "../../../protocol/messages.ts";
import { routes } from "../../../protocol/routes.ts";
import { revocationStatement } from "../../../protocol/signing.ts";
import { WaitError } from "../../steps/wait-error.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";
import { signedCall } from "./signed-call.ts";

/**
 * Sends a heartbeat, well formed and freshly signed with a key that its agent revoked; if that is refused, an enrolment
 * too, with the join token of whoever may enrol.
 */
export async function useRevokedKey(stage: HostStage, step: StepOf<"use-revoked-key">): Promise<string> {
  const { agentId } = stage.agent(step.agent);
  const key = stage.keptKeys.get(step.agent);
  if (key === undefined) throw noKey(step.agent);
  const resources = { cpus: 1, loadAverage: 0, memoryBytesTotal: 0, memoryBytesFree: 0 };
  const heartbeat = { state: "Idle", slots: 1, slotsFree: 1, resources, leases: [] };
  const tell = async (path: string, body: unknown): Promise<string> => {
    const { status, code } = await signedCall(stage, { agentId, instanceId: randomUUID(), key, path, body });
    stage.options.history.record("witness.revoked-key", { status, code });
    return `${status} ${code}`;
  };
  const first = await tell(routes.heartbeat, heartbeat);
  if (first !== "401 revoked") return `the broker answered ${first}`;
  const second = await tell(routes.enrol, enrolment({ agentId, key, joinToken: stage.running.joinToken }));
  return `the broker answered ${first}, and an enrolment ${second}`;
}

interface Newcomer {
  readonly agentId: string;
  readonly key: KeyObject;
  readonly joinToken: string;
}

/** As the agent itself would enrol, which is known by the SHA-256 of its public key. */
export function enrolment({ agentId, key, joinToken }: Newcomer): EnrolRequest {
  const { x: publicKey = "" } = createPublicKey(key).export({ format: "jwk" });
  const signature = sign(null, Buffer.from(revocationStatement(agentId)), key).toString("base64url");
  return { joinToken, publicKey, slots: 1, revocation: { agentId, signature } };
}

/** The agent under test may keep its key elsewhere. */
export function noKey(name: string): WaitError {
  return new WaitError(`No key of ${name} was found in its home, so that it could not be tried.`, {
    code: "no-key",
    next: "The key is expected as a PEM file in the agent's home.",
  });
}
