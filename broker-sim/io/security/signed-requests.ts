import type { FastifyInstance, FastifyRequest } from "fastify";

import { assert } from "../../../foundation/assert.ts";
import { limits } from "../../../foundation/limits.ts";
import { EnrolRequest } from "../../../protocol/messages.ts";
import type { Caller } from "../../core/inputs.ts";
import type { Authentication } from "./authentication.ts";
import { ProblemError } from "../problems.ts";
import type { RateLimits } from "./rate-limits.ts";
import { type SignatureClaim, agentIdOf, assertDigest, contentDigestOf, publicKeyObject } from "./request-signature.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The verified signer; null before and on routes that need no signature. */
    claim: SignatureClaim | null;
  }
}

const emptyDigest = contentDigestOf("");

export interface SignedScope {
  readonly authentication: Authentication;
  readonly limits: RateLimits;
}

/**
 * Makes every route of this scope take signed requests only. The signature covers the head and the digest of the body,
 * so an agent's is proved before a byte of the body is read; the body is then held against the digest.
 *
 * @param keyOf `agent`: the key that the agent enrolled with; `body`: the key that the enrolment brings
 */
export function requireSignature(
  app: FastifyInstance,
  { authentication, limits: rates, keyOf }: SignedScope & { readonly keyOf: "agent" | "body" },
): void {
  app.addHook("onRequest", async (request) => {
    const claim = authentication.claim(request);
    // Noted before it is proved, so that a refusal can say whom it claimed to come from.
    request.claim = claim;
    if (keyOf === "agent") {
      await authentication.verifyKnown(claim);
      await rates.ofAgent(request, claim.agentId);
    }
    const bodyless = request.method === "GET" || request.method === "HEAD";
    if (bodyless && claim.contentDigest !== emptyDigest) {
      throw new ProblemError("digest-mismatch", "A request without a body has the digest of nothing.");
    }
  });
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser(
    "application/json",
    { parseAs: "buffer", bodyLimit: limits.messageBytesMax },
    async (request: FastifyRequest, body: Buffer) => {
      const { claim } = request;
      assert(claim !== null, "the signature was read before the body");
      assertDigest(claim, body);
      const value = parseJson(body);
      if (keyOf === "body") await verifyBroughtKey(authentication, { claim, value });
      return value;
    },
  );
}

/** The agent that signed the request. */
export function callerOf(request: FastifyRequest): Caller {
  assert(request.claim !== null, "only signed requests come here");
  return { agentId: request.claim.agentId, instanceId: request.claim.instanceId };
}

/** Proof of possession: the request is signed with the key that it brings, and the agent's id is that key's. */
async function verifyBroughtKey(
  authentication: Authentication,
  { claim, value }: { claim: SignatureClaim; value: unknown },
): Promise<void> {
  const body = EnrolRequest.pick({ publicKey: true }).loose().safeParse(value);
  if (!body.success) throw new ProblemError("bad-request", "body: an enrolment brings the agent's public key.");
  const { publicKey } = body.data;
  if (agentIdOf(publicKey) !== claim.agentId) {
    throw new ProblemError("bad-signature", "The keyid is not the SHA-256 of the public key in the body.");
  }
  await authentication.verify(claim, publicKeyObject(publicKey));
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new ProblemError("bad-request", "The body is not JSON.");
  }
}
