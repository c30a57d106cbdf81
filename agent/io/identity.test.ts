import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";

import { signatureBase, parseSignatureHeaders, revocationStatement } from "../../protocol/signing.ts";
import { temporaryHome } from "../testing/temporary-home.ts";
import { openHome } from "./home.ts";
import { openIdentity } from "./identity.ts";
import { digestOf, requestSigner } from "./request-signer.ts";

function fixture() {
  const home = openHome(temporaryHome());
  return { home, identity: openIdentity(home.paths.key, home.ledger) };
}

/** The public key as a verifier has it: from its 32 raw bytes. */
function keyOf(publicKey: string) {
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" });
}

test("the key is its owner's alone, journalled, and the same at the next start", () => {
  const { home, identity } = fixture();
  expect(statSync(home.paths.key).mode & 0o777).toBe(0o600);
  expect(home.ledger.holds(`key:${home.paths.key}`)).toBe(true);
  expect(openIdentity(home.paths.key, home.ledger).agentId).toBe(identity.agentId);
  const raw = Buffer.from(identity.publicKey, "base64url");
  expect(raw).toHaveLength(32);
  expect(identity.agentId).toBe(createHash("sha256").update(raw).digest("hex"));
  home.lock.release();
});

test("a key that was torn by a crash while it was made is made anew", () => {
  const { home, identity } = fixture();
  const pem = readFileSync(home.paths.key, "utf8");
  writeFileSync(home.paths.key, pem.slice(0, 40));
  expect(openIdentity(home.paths.key, home.ledger).agentId).not.toBe(identity.agentId);
  home.lock.release();
});

test("the revocation that is left with the broker bears the key's own signature", () => {
  const { home, identity } = fixture();
  const { agentId, signature } = identity.revocation;
  const statement = Buffer.from(revocationStatement(agentId));
  expect(verify(null, statement, keyOf(identity.publicKey), Buffer.from(signature, "base64url"))).toBe(true);
  home.lock.release();
});

test("every request is signed over its method, path, body and instance, with a nonce of its own", () => {
  const { home, identity } = fixture();
  const instanceId = "00000000-0000-4000-8000-000000000001";
  const clock = { nowMs: () => 1_700_000_000_500, monotonicMs: () => 0 };
  const signer = requestSigner({ identity, instanceId, clock });
  const request = { method: "POST", path: "/api/v1/agent/heartbeat", bodyDigest: digestOf(Buffer.from("{}")) };
  const [first, second] = [signer.headersFor(request), signer.headersFor(request)];
  const parsed = parseSignatureHeaders(first["signature-input"] ?? "", first["signature"] ?? "");
  expect(parsed).toMatchObject({ agentId: identity.agentId, createdS: 1_700_000_000 });
  if (parsed === undefined) return;
  const { signatureBase64, ...signed } = parsed;
  const contentDigest = `sha-256=:${createHash("sha256").update("{}").digest("base64")}:`;
  const base = signatureBase({ method: "POST", path: request.path, contentDigest, instanceId, ...signed });
  const signature = Buffer.from(signatureBase64, "base64");
  expect(verify(null, Buffer.from(base), keyOf(identity.publicKey), signature)).toBe(true);
  expect(first["signature-input"]).not.toBe(second["signature-input"]);
  home.lock.release();
});
