import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";

import { routes } from "../../../protocol/routes.ts";
import { StepError } from "../../steps/step-error.ts";
import type { HostStage } from "./host-stage.ts";
import { type CallAnswer, sendCall, type SignedCall, wireCall } from "./signed-call.ts";
import { enrolment } from "./use-revoked-key.ts";

const hourMs = 3_600_000;

/**
 * I10: whoever has not the key, or only what was sent before, says nothing in an agent's name, and whoever has no token
 * is neither let in nor an operator. Each is tried once.
 *
 * @param genuine a call that the agent's key has signed, whatever comes of it
 * @returns how many were tried
 * @throws StepError `not-refused` when the broker does not refuse one of them for what is wrong with it
 */
export async function forgeCalls(stage: HostStage, genuine: SignedCall): Promise<number> {
  const { privateKey: otherKey } = generateKeyPairSync("ed25519");
  const once = wireCall(genuine);
  await sendCall(stage, once);
  const unsigned = { "content-type": "application/json" };
  const changed = JSON.stringify({ ...(genuine.body as object), forged: true });
  const tries: readonly [string, string, () => Promise<CallAnswer>][] = [
    ["what another key has signed", "bad-signature", () => sendCall(stage, wireCall({ ...genuine, key: otherKey }))],
    ["what nobody has signed", "bad-signature", () => sendCall(stage, { ...once, headers: unsigned })],
    ["what was sent before", "replayed", () => sendCall(stage, once)],
    ["what was signed an hour ago", "stale-signature", () => sendCall(stage, wireCall(genuine, hourMs))],
    ["other words than were signed", "digest-mismatch", () => sendCall(stage, { ...wireCall(genuine), body: changed })],
    ["an enrolment without the join token", "bad-join-token", () => enrolStranger(stage, genuine)],
    ["an operator's question without the token", "bad-operator-token", () => askAsStranger(stage)],
  ];
  for (const [what, expected, attempt] of tries) {
    const { status, code } = await attempt();
    if (code === expected) continue;
    throw new StepError(`The broker answered ${what} with ${status} ${code}, and not with ${expected}.`, {
      code: "not-refused",
      next: "Its log in the run directory's logs/ has what it was asked.",
    });
  }
  return tries.length;
}

async function enrolStranger(stage: HostStage, { instanceId }: SignedCall): Promise<CallAnswer> {
  const { privateKey: key } = generateKeyPairSync("ed25519");
  const { x: publicKey = "" } = createPublicKey(key).export({ format: "jwk" });
  const agentId = createHash("sha256").update(Buffer.from(publicKey, "base64url")).digest("hex");
  const body = enrolment({ agentId, key, joinToken: "a-token-that-nobody-gave" });
  return await sendCall(stage, wireCall({ agentId, instanceId, key, path: routes.enrol, body }));
}

async function askAsStranger(stage: HostStage): Promise<CallAnswer> {
  const headers = { authorization: "Bearer a-token-that-nobody-gave" };
  return await sendCall(stage, { method: "GET", path: routes.jobs, headers });
}
