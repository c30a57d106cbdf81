import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";

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

/** A signature as DSSE has it: over the bytes themselves; ECDSA's in DER. */
export function signBytes({ key }: AttestationKey, bytes: Uint8Array): Buffer {
  return sign(digestFor(key), bytes, key);
}

export function isSignedBy({ key }: AttestationKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(digestFor(key), bytes, key, signature);
}

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
