import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";

import { Problem } from "../../../protocol/messages.ts";
import { signatureBase, signatureHeaders } from "../../../protocol/signing.ts";
import type { HostStage } from "./host-stage.ts";

const callMsMax = 10_000;

/** A call in an agent's name, with its key. */
interface SignedCall {
  readonly agentId: string;
  readonly instanceId: string;
  readonly key: KeyObject;
  readonly path: string;
  readonly body: unknown;
}

/** Posts it to the broker, well formed and freshly signed. @returns the problem's code, or `none` */
export async function signedCall(stage: HostStage, call: SignedCall): Promise<{ status: number; code: string }> {
  const body = JSON.stringify(call.body);
  const response = await fetch(new URL(call.path, stage.running.here), {
    method: "POST",
    headers: { "content-type": "application/json", ...signed(call, body) },
    body,
    signal: AbortSignal.any([stage.options.signal, AbortSignal.timeout(callMsMax)]),
  });
  const problem = Problem.safeParse(await response.json());
  return { status: response.status, code: problem.success ? problem.data.code : "none" };
}

function signed({ path, agentId, instanceId, key }: SignedCall, body: string): Record<string, string> {
  const parts = {
    method: "POST",
    path,
    contentDigest: `sha-256=:${createHash("sha256").update(body).digest("base64")}:`,
    instanceId,
    createdS: Math.floor(Date.now() / 1000),
    agentId,
    nonce: randomBytes(16).toString("base64url"),
  };
  const signature = sign(null, Buffer.from(signatureBase(parts)), key).toString("base64");
  return signatureHeaders(parts, signature);
}
