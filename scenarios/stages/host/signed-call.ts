import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";

import { Problem } from "../../../protocol/messages.ts";
import { signatureBase, signatureHeaders } from "../../../protocol/signing.ts";
import type { HostStage } from "./host-stage.ts";

const callMsMax = 10_000;

/** A call in an agent's name, with its key. */
export interface SignedCall {
  readonly agentId: string;
  readonly instanceId: string;
  readonly key: KeyObject;
  readonly path: string;
  readonly body: unknown;
}

/** What goes over the wire. */
export interface WireCall {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface CallAnswer {
  readonly status: number;
  /** The problem's, or `none`. */
  readonly code: string;
}

/** Posts it to the broker, well formed and freshly signed. */
export async function signedCall(stage: HostStage, call: SignedCall): Promise<CallAnswer> {
  return await sendCall(stage, wireCall(call));
}

export async function sendCall(stage: HostStage, { path, ...call }: WireCall): Promise<CallAnswer> {
  const signal = AbortSignal.any([stage.options.signal, AbortSignal.timeout(callMsMax)]);
  const response = await fetch(new URL(path, stage.running.here), { ...call, signal });
  const problem = Problem.safeParse(await response.json());
  return { status: response.status, code: problem.success ? problem.data.code : "none" };
}

/** @param ageMs how long ago it was signed */
export function wireCall({ path, agentId, instanceId, key, body: content }: SignedCall, ageMs = 0): WireCall {
  const body = JSON.stringify(content);
  const parts = {
    method: "POST",
    path,
    contentDigest: `sha-256=:${createHash("sha256").update(body).digest("base64")}:`,
    instanceId,
    createdS: Math.floor((Date.now() - ageMs) / 1000),
    agentId,
    nonce: randomBytes(16).toString("base64url"),
  };
  const signature = sign(null, Buffer.from(signatureBase(parts)), key).toString("base64");
  const headers = { "content-type": "application/json", ...signatureHeaders(parts, signature) };
  return { method: "POST", path, headers, body };
}
