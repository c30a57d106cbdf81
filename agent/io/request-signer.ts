import { createHash, randomBytes } from "node:crypto";

import type { Clock } from "../../foundation/clock.ts";
import { signatureBase, signatureHeaders } from "../../protocol/signing.ts";
import type { Identity } from "./identity.ts";

export interface RequestSigner {
  /** The headers that prove who sent this very request; fresh at every call, because a nonce counts once. */
  headersFor(request: {
    readonly method: string;
    readonly path: string;
    /** SHA-256 of the body's bytes, in hexadecimal. */
    readonly bodyDigest: string;
  }): Record<string, string>;
}

/** SHA-256 in hexadecimal. */
export function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Of a request without a body. */
export const emptyDigest = digestOf(Buffer.alloc(0));

const nonceBytes = 18;

export function requestSigner({
  identity,
  instanceId,
  clock,
}: {
  readonly identity: Identity;
  readonly instanceId: string;
  readonly clock: Pick<Clock, "nowMs">;
}): RequestSigner {
  return {
    headersFor({ method, path, bodyDigest }) {
      const parts = {
        method,
        path,
        contentDigest: `sha-256=:${Buffer.from(bodyDigest, "hex").toString("base64")}:`,
        instanceId,
        createdS: Math.floor(clock.nowMs() / 1000),
        agentId: identity.agentId,
        nonce: randomBytes(nonceBytes).toString("base64url"),
      };
      return signatureHeaders(parts, identity.sign(Buffer.from(signatureBase(parts))).toString("base64"));
    },
  };
}
