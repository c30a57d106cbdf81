import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { closeSync, constants, fsyncSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";

import type { SignedRevocation } from "../../protocol/messages.ts";
import { revocationStatement } from "../../protocol/signing.ts";
import type * as z from "zod";
import { resourceKey } from "../host-resource.ts";
import { AgentError } from "./agent-error.ts";
import type { FileHostLedger } from "./host-ledger.ts";

/** Who this agent is to its broker. */
export interface Identity {
  /** SHA-256 of the raw public key, so that nobody can claim another's. */
  readonly agentId: string;
  /** 32 raw bytes, base64url. */
  readonly publicKey: string;
  /** Ed25519 over these bytes. */
  sign(bytes: Buffer): Buffer;
  readonly revocation: z.infer<typeof SignedRevocation>;
}

/** SPKI of an Ed25519 key is a fixed prefix and then the 32 raw bytes (RFC 8410). */
const rawKeyBytes = 32;

/** Reads the key in the home, or makes one: journalled first, then created for its owner alone. */
export function openIdentity(path: string, ledger: FileHostLedger): Identity {
  const key = { kind: "key", path } as const;
  if (!ledger.holds(resourceKey(key))) ledger.acquire(key);
  const existing = readKey(path);
  if (existing !== null) return identityOf(existing);
  const { privateKey } = generateKeyPairSync("ed25519");
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeSync(file, String(privateKey.export({ type: "pkcs8", format: "pem" })));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return identityOf(privateKey);
}

/** The key in the home if there is one; a torn one, from a crash while it was made, was never used and is removed. */
export function readIdentity(path: string): Identity | null {
  const key = readKey(path);
  return key === null ? null : identityOf(key);
}

function identityOf(privateKey: KeyObject): Identity {
  const raw = createPublicKey(privateKey).export({ type: "spki", format: "der" }).subarray(-rawKeyBytes);
  const agentId = createHash("sha256").update(raw).digest("hex");
  const signBytes = (bytes: Buffer): Buffer => sign(null, bytes, privateKey);
  const signature = signBytes(Buffer.from(revocationStatement(agentId))).toString("base64url");
  return { agentId, publicKey: raw.toString("base64url"), sign: signBytes, revocation: { agentId, signature } };
}

function readKey(path: string): KeyObject | null {
  let pem: string;
  try {
    pem = readFileSync(path, "utf8");
  } catch {
    return null;
  }
  if (!pem.trimEnd().endsWith("-----END PRIVATE KEY-----")) {
    rmSync(path, { force: true });
    return null;
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new AgentError(`The key ${path} cannot be read as one.`, {
      code: "bad-key",
      next: "Run `donor-agent withdraw` on this home, and join anew.",
      cause,
    });
  }
}
