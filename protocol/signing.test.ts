import { createHash, generateKeyPairSync, sign, verify } from "node:crypto";
import { test as property } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  parseSignatureHeaders,
  revocationStatement,
  type SignedParts,
  signatureBase,
  signatureHeaders,
} from "./signing.ts";

const agentId = "ab".repeat(32);
const parts: SignedParts = {
  method: "POST",
  path: "/api/v1/agent/heartbeat",
  contentDigest: `sha-256=:${createHash("sha256").update("{}").digest("base64")}:`,
  instanceId: "6c1f2f3e-0b7a-4a53-8f3b-0d1e5f6a7b8c",
  createdS: 1_700_000_000,
  agentId,
  nonce: "AAAAAAAAAAAAAAAAAAAAAA",
};
const signatureBase64 = `${"A".repeat(86)}==`;

describe("the signature base (RFC 9421, 2.5)", () => {
  test("is this text, byte for byte: another implementation must be able to build it", () => {
    expect(signatureBase(parts)).toBe(
      [
        '"@method": POST',
        '"@path": /api/v1/agent/heartbeat',
        '"content-digest": sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:',
        '"houseguest-instance": 6c1f2f3e-0b7a-4a53-8f3b-0d1e5f6a7b8c',
        `"@signature-params": ("@method" "@path" "content-digest" "houseguest-instance");created=1700000000;keyid="${agentId}";nonce="AAAAAAAAAAAAAAAAAAAAAA";alg="ed25519"`,
      ].join("\n"),
    );
  });

  test.each([
    ["method", "PUT"],
    ["path", "/api/v1/agent/withdraw"],
    ["contentDigest", `sha-256=:${"B".repeat(43)}=:`],
    ["instanceId", "6c1f2f3e-0b7a-4a53-8f3b-0d1e5f6a7b8d"],
    ["createdS", parts.createdS + 1],
    ["agentId", "cd".repeat(32)],
    ["nonce", "AAAAAAAAAAAAAAAAAAAAAB"],
  ] as const)("covers %s: a real signature over it dies with any change", (name, value) => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const signature = sign(null, Buffer.from(signatureBase(parts)), privateKey);
    expect(verify(null, Buffer.from(signatureBase(parts)), publicKey, signature)).toBe(true);
    const changed = signatureBase({ ...parts, [name]: value });
    expect(verify(null, Buffer.from(changed), publicKey, signature)).toBe(false);
  });
});

describe("the signature headers", () => {
  const base64url = fc.stringMatching(/^[A-Za-z0-9_-]{22,86}$/);

  property.prop([
    fc.nat(),
    fc.stringMatching(/^[0-9a-f]{64}$/),
    base64url,
    fc.uint8Array({ minLength: 64, maxLength: 64 }),
  ])("are read back as they were written", (createdS, id, nonce, bytes) => {
    const written = Buffer.from(bytes).toString("base64");
    const headers = signatureHeaders({ ...parts, createdS, agentId: id, nonce }, written);
    expect(parseSignatureHeaders(headers["signature-input"] ?? "", headers["signature"] ?? "")).toEqual({
      createdS,
      agentId: id,
      nonce,
      signatureBase64: written,
    });
    expect(headers["content-digest"]).toBe(parts.contentDigest);
    expect(headers["houseguest-instance"]).toBe(parts.instanceId);
  });

  test("the input header ends as the base ends, so that both sides sign the same parameters", () => {
    const parameters = signatureBase(parts).split('"@signature-params": ')[1];
    expect(signatureHeaders(parts, signatureBase64)["signature-input"]).toBe(`houseguest=${parameters}`);
  });

  const good = signatureHeaders(parts, signatureBase64);
  const input = good["signature-input"] ?? "";
  const value = good["signature"] ?? "";
  test.each([
    ["a component left out", input.replace(' "content-digest"', ""), value],
    ["components in another order", input.replace('"@method" "@path"', '"@path" "@method"'), value],
    ["another algorithm", input.replace("ed25519", "hmac-sha256"), value],
    ["a nonce too short to be unguessable", input.replace(parts.nonce, "A".repeat(21)), value],
    ["a negative time", input.replace("created=", "created=-"), value],
    ["an agent id that is no digest", input.replace(agentId, "ab"), value],
    ["a second signature", `${input}, other=()`, value],
    ["something before it", ` ${input}`, value],
    ["a line break after it", `${input}\n`, value],
    ["a signature of another length", input, value.replace("AAAA", "")],
    ["a signature under another label", input, value.replace("houseguest", "other")],
    ["no signature", input, ""],
  ])("%s is refused", (_what, signatureInput, signature) => {
    expect(parseSignatureHeaders(input, value)).toBeDefined();
    expect(parseSignatureHeaders(signatureInput, signature)).toBeUndefined();
  });
});

test("a revocation names its agent and cannot be taken for a request", () => {
  expect(revocationStatement(agentId)).toBe(`houseguest: the key of agent ${agentId} is revoked`);
  expect(signatureBase(parts).startsWith(revocationStatement(agentId).slice(0, 11))).toBe(false);
});
