import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";

import { instanceHeader } from "../../../protocol/routes.ts";
import { parseSignatureHeaders, revocationStatement, signatureBase } from "../../../protocol/signing.ts";
import type { SignedRevocation } from "../../../protocol/messages.ts";
import { InstanceId } from "../../../protocol/identifiers.ts";
import type { Caller } from "../../core/inputs.ts";
import { ProblemError } from "../problems.ts";

/** A request that claims to be signed, taken apart; nothing of it is proved yet. */
export interface SignatureClaim extends Caller {
  readonly createdS: number;
  readonly nonce: string;
  readonly contentDigest: string;
  readonly base: Buffer;
  readonly signature: Buffer;
}

interface RequestHead {
  readonly method: string;
  /** As it was sent, with the query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** @throws ProblemError `bad-signature` when the headers are missing or not as RFC 9421 and protocol/signing.ts say */
export function readSignatureClaim({ method, url, headers }: RequestHead): SignatureClaim {
  const header = (name: string) => {
    const value = headers[name];
    if (typeof value === "string" && value !== "") return value;
    throw new ProblemError("bad-signature", `The request is not signed: it has no header ${name}.`);
  };
  const parsed = parseSignatureHeaders(header("signature-input"), header("signature"));
  if (parsed === undefined) throw new ProblemError("bad-signature", "The signature's headers cannot be read.");
  const instanceId = header(instanceHeader);
  if (!InstanceId.safeParse(instanceId).success) {
    throw new ProblemError("bad-signature", `The header ${instanceHeader} is not a UUID.`);
  }
  const contentDigest = header("content-digest");
  const { createdS, agentId, nonce, signatureBase64 } = parsed;
  const path = url.split("?", 1)[0] ?? "";
  const base = signatureBase({ method, path, contentDigest, instanceId, createdS, agentId, nonce });
  return {
    agentId,
    instanceId,
    createdS,
    nonce,
    contentDigest,
    base: Buffer.from(base, "utf8"),
    signature: Buffer.from(signatureBase64, "base64"),
  };
}

/**
 * @param window `staleUntilS`: the last second whose signatures an earlier start may have taken; null for none
 * @throws ProblemError `stale-signature` when it was made too long ago, too far ahead, or not after `staleUntilS`
 */
export function assertFresh(
  claim: SignatureClaim,
  { nowMs, windowMs, staleUntilS }: { nowMs: number; windowMs: number; staleUntilS: number | null },
): void {
  const offMs = claim.createdS * 1_000 - nowMs;
  if (Math.abs(offMs) > windowMs) {
    const seconds = Math.round(Math.abs(offMs) / 1_000);
    throw new ProblemError(
      "stale-signature",
      `The signature was made ${seconds} s ${offMs < 0 ? "ago" : "ahead"} by the broker's clock, which allows ${windowMs / 1_000} s.`,
    );
  }
  if (staleUntilS !== null && claim.createdS <= staleUntilS) {
    const seconds = staleUntilS - claim.createdS + 1;
    throw new ProblemError(
      "stale-signature",
      `The signature may be one from before this broker's start; sign again, ${seconds} s later by the signer's clock.`,
    );
  }
}

/**
 * Off the main thread: this is a third of the work for a heartbeat, and whoever decides need not wait for it.
 *
 * @throws ProblemError `bad-signature` when the key did not sign this very request
 */
export async function assertSigned({ base, signature }: SignatureClaim, key: KeyObject): Promise<void> {
  if (await isSigned(base, { key, signature })) return;
  throw new ProblemError("bad-signature", "The signature does not fit the request and the agent's key.");
}

async function isSigned(base: Buffer, { key, signature }: { key: KeyObject; signature: Buffer }): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    verify(null, base, key, signature, (error, fits) => (error === null ? resolve(fits) : reject(error)));
  });
}

/** @throws ProblemError `digest-mismatch` when the body is not the one that was signed for */
export function assertDigest(claim: SignatureClaim, body: Buffer): void {
  if (claim.contentDigest === contentDigestOf(body)) return;
  throw new ProblemError("digest-mismatch", "The body does not have the SHA-256 that its content-digest says.");
}

/** The content-digest header of this body (RFC 9530). */
export function contentDigestOf(body: string | Buffer): string {
  return `sha-256=:${hash("sha256", body, "base64")}:`;
}

/** An agent's id, from its raw public key in base64url. */
export function agentIdOf(publicKey: string): string {
  return hash("sha256", Buffer.from(publicKey, "base64url"));
}

/** @param publicKey raw, in base64url */
export function publicKeyObject(publicKey: string): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
}

/** Whether the revocation is this agent's and signed with its key. */
export function isRevocationSigned(
  revocation: SignedRevocation,
  { agentId, key }: { agentId: string; key: KeyObject },
): boolean {
  if (revocation.agentId !== agentId) return false;
  const statement = Buffer.from(revocationStatement(agentId), "utf8");
  return verify(null, statement, key, Buffer.from(revocation.signature, "base64url"));
}
