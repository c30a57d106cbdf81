import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";

import { assert } from "../../foundation/assert.ts";
import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import { hasLowS } from "./low-s.ts";

/** A key that statements are signed or verified with: Ed25519, or ECDSA on P-256 with SHA-256. */
export interface AttestationKey {
  readonly key: KeyObject;
  /** The SHA-256 of the public key's DER (SubjectPublicKeyInfo), in hexadecimal. */
  readonly id: string;
}

/** @throws UsageError `signing-key` */
export function readSigningKey(path: string): AttestationKey {
  const text = readText(path, "signing-key");
  if (text.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----")) {
    throw refused(path, "is encrypted", {
      code: "signing-key",
      next: "Give the key itself, in a file that only you can read.",
    });
  }
  if (!text.includes("PRIVATE KEY-----")) throw refused(path, "holds no private key", signingNext);
  return checked(path, signingNext, () => createPrivateKey(text));
}

/** @throws UsageError `verification-key` */
export function readVerificationKey(path: string): AttestationKey {
  const text = readText(path, "verification-key");
  // Node would derive the public key; whoever verifies must not need what signs.
  if (!text.includes("-----BEGIN PUBLIC KEY-----")) throw refused(path, "holds no public key", verificationNext);
  return checked(path, verificationNext, () => createPublicKey(text));
}

/** A signature as DSSE has it: over the bytes themselves; ECDSA's in DER, and the lower one of two. */
export function signBytes({ key }: AttestationKey, bytes: Uint8Array): Buffer {
  for (let attempt = 1; ; attempt += 1) {
    const signature = sign(digestFor(key), bytes, key);
    if (isOnlyOne(key, signature)) return signature;
    // Each attempt is an even chance.
    assert(attempt < attemptsMax, "a signature's s is low half of the time");
  }
}

export function isSignedBy({ key }: AttestationKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(digestFor(key), bytes, key, signature) && isOnlyOne(key, signature);
}

/** Whether nobody but the key's owner can make another signature out of this one. */
function isOnlyOne(key: KeyObject, signature: Uint8Array): boolean {
  return key.asymmetricKeyType === "ed25519" || hasLowS(signature);
}

const attemptsMax = 256;

interface Advice {
  readonly code: string;
  readonly next: string;
}

const signingNext: Advice = {
  code: "signing-key",
  next: "Make one with `openssl genpkey -algorithm ed25519 -out release.key`.",
};
const verificationNext: Advice = {
  code: "verification-key",
  next: "Take it from the signing key with `openssl pkey -in release.key -pubout -out release.pub`.",
};

function checked(path: string, advice: Advice, read: () => KeyObject): AttestationKey {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw refused(path, `holds no key that can be read (${messageOf(error)})`, advice, error);
  }
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key;
  if (kind !== "ed25519" && (kind !== "ec" || details?.namedCurve !== "prime256v1")) {
    const what = kind === "ec" ? `is an ECDSA key on ${details?.namedCurve}` : `is a key for ${kind}`;
    throw refused(path, `${what}, and neither Ed25519 nor ECDSA on P-256`, advice);
  }
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const der = publicKey.export({ type: "spki", format: "der" });
  return { key, id: createHash("sha256").update(der).digest("hex") };
}

function digestFor(key: KeyObject): "sha256" | null {
  return key.asymmetricKeyType === "ed25519" ? null : "sha256";
}

function readText(path: string, code: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const what = `cannot be read: ${systemCode(error) ?? messageOf(error)}`;
    throw refused(path, what, { code, next: "Name a key in PEM with --key FILE." }, error);
  }
}

function refused(path: string, what: string, { code, next }: Advice, cause?: unknown): UsageError {
  return new UsageError(`The key ${path} ${what}.`, { code, next, cause });
}
