import {
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from "node:crypto";

import type * as z from "zod";

import { preAuthEncoding } from "../../../protocol/dsse.ts";
import type { Envelope, PayloadType } from "../../../protocol/federation.ts";
import type { BrokerStore } from "../stores/store.ts";
import { readStoredSetting } from "../stores/stored-records.ts";

/** A broker's own key, by which others know it. */
export interface BrokerKey {
  /** Raw, base64url. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

/** The key that the store keeps, or a fresh one. */
export async function settleBrokerKey(store: BrokerStore): Promise<BrokerKey> {
  const kept = await readStoredSetting(store, "federation-key", (text) =>
    keyOf(createPrivateKey({ key: Buffer.from(text, "base64url"), format: "der", type: "pkcs8" })),
  );
  if (kept !== null) return kept;
  const { privateKey } = generateKeyPairSync("ed25519");
  const der = privateKey.export({ format: "der", type: "pkcs8" });
  await store.writeSetting("federation-key", der.toString("base64url"));
  return keyOf(privateKey);
}

function keyOf(privateKey: KeyObject): BrokerKey {
  const jwk = createPublicKey(privateKey).export({ format: "jwk" });
  return { publicKey: String(jwk["x"]), privateKey };
}

/** Puts a payload into an envelope, signed over the very bytes that are in it. */
export function seal(payloadType: PayloadType, payload: object, { publicKey, privateKey }: BrokerKey): Envelope {
  const bytes = Buffer.from(JSON.stringify(payload), "utf8");
  const sig = sign(null, preAuthEncoding(payloadType, bytes), privateKey).toString("base64");
  return { payloadType, payload: bytes.toString("base64"), signatures: [{ keyid: publicKey, sig }] };
}

/** Whether that key has signed it as of that type. Nothing of the payload is read. */
export function isSealedBy(envelope: Envelope, { type, key }: { type: PayloadType; key: string }): boolean {
  const [signature] = envelope.signatures;
  if (envelope.payloadType !== type || signature?.keyid !== key) return false;
  try {
    const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key }, format: "jwk" });
    const bytes = preAuthEncoding(type, Buffer.from(envelope.payload, "base64"));
    return verify(null, bytes, publicKey, Buffer.from(signature.sig, "base64"));
  } catch {
    // It is no key.
    return false;
  }
}

/** What is in it; null when it is not as its schema says. Whether it may be believed is for `isSealedBy` to say. */
export function open<S extends z.ZodType>(envelope: Envelope, schema: S): z.infer<S> | null {
  try {
    return schema.parse(JSON.parse(Buffer.from(envelope.payload, "base64").toString("utf8")));
  } catch {
    return null;
  }
}

export function digestOf(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
