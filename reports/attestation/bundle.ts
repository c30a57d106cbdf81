import * as z from "zod";

import { preAuthEncoding } from "../../protocol/dsse.ts";
import { Digest } from "../../protocol/identifiers.ts";
import { AttestationError } from "./attestation-error.ts";
import { type AttestationKey, isSignedBy, signBytes } from "./keys.ts";

/**
 * Sigstore bundles, v0.3 (https://docs.sigstore.dev/about/bundle/), of a DSSE envelope signed with a given key: no
 * certificate and no transparency log, so that they are made and verified offline.
 */

const mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
const payloadType = "application/vnd.in-toto+json";

const Base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);

/** The keys in the order in which they are written. */
const Bundle = z.strictObject({
  mediaType: z.literal(mediaType),
  verificationMaterial: z.strictObject({ publicKey: z.strictObject({ hint: Digest }) }),
  dsseEnvelope: z.strictObject({
    payload: Base64,
    payloadType: z.literal(payloadType),
    signatures: z.tuple([z.strictObject({ sig: Base64, keyid: Digest })]),
  }),
});
type Bundle = z.infer<typeof Bundle>;

/** A statement in its bundle, as one line of JSON without its end. */
export function sealed(payload: Uint8Array, key: AttestationKey): string {
  const sig = signBytes(key, preAuthEncoding(payloadType, payload)).toString("base64");
  return JSON.stringify({
    mediaType,
    verificationMaterial: { publicKey: { hint: key.id } },
    dsseEnvelope: {
      payload: Buffer.from(payload).toString("base64"),
      payloadType,
      signatures: [{ sig, keyid: key.id }],
    },
  } satisfies Bundle);
}

/**
 * The payload of a bundle that is, byte for byte, one that the key's owner wrote with `sealed`. What no signature covers
 * (spaces, the order of keys, spare bits of base64) is compared, so that no byte can be another one.
 *
 * @throws AttestationError `bundle-form`, `other-key` or `signature`
 */
export function opened(line: string, key: AttestationKey): Buffer {
  const bundle = parsed(line);
  const { payload, signatures } = bundle.dsseEnvelope;
  const [{ sig, keyid }] = signatures;
  const bytes = Buffer.from(payload, "base64");
  const signature = Buffer.from(sig, "base64");
  if (keyid !== key.id || bundle.verificationMaterial.publicKey.hint !== key.id) {
    throw new AttestationError(`It was signed with the key ${keyid}, and this one is ${key.id}.`, {
      code: "other-key",
      next: "Verify it with the public key of whoever released it.",
    });
  }
  const written: Bundle = {
    ...bundle,
    dsseEnvelope: {
      payload: bytes.toString("base64"),
      payloadType,
      signatures: [{ sig: signature.toString("base64"), keyid }],
    },
  };
  if (JSON.stringify(written) !== line) throw malformed("it is written otherwise than `reports attest` writes");
  if (isSignedBy(key, preAuthEncoding(payloadType, bytes), signature)) return bytes;
  throw new AttestationError("Its signature is not the key's over this statement: one of them was changed.", {
    code: "signature",
    next: "Get it again from whoever released it.",
  });
}

function parsed(line: string): Bundle {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw malformed("a line of it is not JSON");
  }
  const bundle = Bundle.safeParse(value);
  if (bundle.success) return bundle.data;
  const [issue] = bundle.error.issues;
  throw malformed(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "something"}`);
}

export function malformed(what: string): AttestationError {
  return new AttestationError(`It is no bundle of \`reports attest\`: ${what}.`, {
    code: "bundle-form",
    next: "Get it again from whoever released it.",
  });
}
