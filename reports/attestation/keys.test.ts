import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { keyKinds, makeKeys } from "../testing/attested-release.ts";
import { isSignedBy, readSigningKey, readVerificationKey, signBytes } from "./keys.ts";

let place = "";
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "houseguest-keys-"));
});
afterEach(() => rmSync(place, { recursive: true }));

const pkcs8 = { type: "pkcs8", format: "pem" } as const;
const bytes = Buffer.from("what is signed");

function file(text: string | Buffer): string {
  const path = join(place, "key.pem");
  writeFileSync(path, text);
  return path;
}

test.each(keyKinds)("what an %s key signs, its public key verifies, and nothing else", (kind) => {
  const { signing, verification } = makeKeys(place, kind);
  const signature = signBytes(signing, bytes);
  expect(verification.id).toBe(signing.id);
  expect(isSignedBy(verification, bytes, signature)).toBe(true);
  expect(isSignedBy(verification, Buffer.from("what is Signed"), signature)).toBe(false);
  expect(isSignedBy(makeKeys(place, kind, "other").verification, bytes, signature)).toBe(false);
  expect(isSignedBy(verification, bytes, Buffer.alloc(0))).toBe(false);
});

describe("refused to sign with, in a sentence that says what to do", () => {
  test.for<[string, () => string | Buffer, RegExp]>([
    [
      "RSA",
      () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(pkcs8),
      /is a key for rsa, and neither/,
    ],
    [
      "another curve",
      () => generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export(pkcs8),
      /is an ECDSA key on secp384r1, and neither Ed25519 nor ECDSA on P-256/,
    ],
    [
      "an encrypted one",
      () => generateKeyPairSync("ed25519").privateKey.export({ ...pkcs8, cipher: "aes-256-cbc", passphrase: "secret" }),
      /is encrypted/,
    ],
    [
      "a public one",
      () => generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }),
      /holds no private key/,
    ],
    ["one that is cut short", () => "-----BEGIN PRIVATE KEY-----\nMC4\n", /holds no key that can be read/],
    ["anything else", () => "hello", /holds no private key/],
  ])("%s", ([, make, message]) => {
    const path = file(make());
    expect(() => readSigningKey(path)).toThrow(message);
    expect(() => readSigningKey(path)).toThrow(expect.objectContaining({ code: "signing-key", exitCode: 64 }));
  });
});

test("a private key is none to verify with, and a key that is not there is told so", () => {
  const path = file(generateKeyPairSync("ed25519").privateKey.export(pkcs8));
  expect(() => readVerificationKey(path)).toThrow(/holds no public key/);
  expect(() => readVerificationKey(join(place, "none"))).toThrow(/none cannot be read: ENOENT/);
});
