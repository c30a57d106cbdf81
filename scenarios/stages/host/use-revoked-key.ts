import { createHash, type KeyObject, randomBytes, randomUUID, sign } from "node:crypto";

import { Problem } from "../../../protocol/messages.ts";
import { routes } from "../../../protocol/routes.ts";
import { signatureBase, signatureHeaders } from "../../../protocol/signing.ts";
import { WaitError } from "../../steps/wait-error.ts";
import type { StepOf } from "../../steps/step.ts";
import type { HostStage } from "./host-stage.ts";

const callMsMax = 10_000;

/** Sends a heartbeat, well formed and freshly signed with a key that its agent revoked. */
export async function useRevokedKey(stage: HostStage, step: StepOf<"use-revoked-key">): Promise<string> {
  const { agentId } = stage.agent(step.agent);
  const key = stage.keptKeys.get(step.agent);
  if (key === undefined) {
    throw new WaitError(`No key of ${step.agent} was found in its home, so that it could not be tried.`, {
      code: "no-key",
      next: "The key is expected as a PEM file in the agent's home.",
    });
  }
  const body = JSON.stringify({
    state: "Idle",
    slots: 1,
    slotsFree: 1,
    resources: { cpus: 1, loadAverage: 0, memoryBytesTotal: 0, memoryBytesFree: 0 },
    leases: [],
  });
  const response = await fetch(new URL(routes.heartbeat, stage.running.here), {
    method: "POST",
    headers: { "content-type": "application/json", ...signed({ path: routes.heartbeat, body, agentId, key }) },
    body,
    signal: AbortSignal.any([stage.options.signal, AbortSignal.timeout(callMsMax)]),
  });
  const answer: unknown = await response.json();
  const problem = Problem.safeParse(answer);
  const code = problem.success ? problem.data.code : "none";
  stage.options.history.record("witness.revoked-key", { status: response.status, code });
  return `the broker answered ${response.status} ${code}`;
}

function signed(request: { path: string; body: string; agentId: string; key: KeyObject }): Record<string, string> {
  const parts = {
    method: "POST",
    path: request.path,
    contentDigest: `sha-256=:${createHash("sha256").update(request.body).digest("base64")}:`,
    instanceId: randomUUID(),
    createdS: Math.floor(Date.now() / 1000),
    agentId: request.agentId,
    nonce: randomBytes(16).toString("base64url"),
  };
  const signature = sign(null, Buffer.from(signatureBase(parts)), request.key).toString("base64");
  return signatureHeaders(parts, signature);
}
