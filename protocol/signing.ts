/**
 * The exact bytes that an agent signs (RFC 9421, HTTP Message Signatures; RFC 9530, Content-Digest). Pure: the hashing
 * and the Ed25519 operation are the caller's. Every request of an agent carries
 * - `content-digest: sha-256=:BASE64:` over the body's bytes (the empty body too),
 * - `houseguest-instance`,
 * - `signature-input: houseguest=(…);created=…;keyid="AGENT_ID";nonce="…";alg="ed25519"`, `created` in whole seconds,
 * - `signature: houseguest=:BASE64:`.
 */
export interface SignedParts {
  /** Upper case: `POST`. */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** The value of the content-digest header. */
  readonly contentDigest: string;
  readonly instanceId: string;
  /** Seconds since the epoch. */
  readonly createdS: number;
  readonly agentId: string;
  /** At least 16 random bytes, base64url; used once. */
  readonly nonce: string;
}

const label = "houseguest";
const components = '("@method" "@path" "content-digest" "houseguest-instance")';

/** The signature parameters, as they stand in `signature-input` and in the base's last line. */
function signatureParameters({ createdS, agentId, nonce }: SignedParts): string {
  return `${components};created=${createdS};keyid="${agentId}";nonce="${nonce}";alg="ed25519"`;
}

/** The signature base of RFC 9421 section 2.5, as text; its UTF-8 bytes are what is signed. */
export function signatureBase(parts: SignedParts): string {
  return [
    `"@method": ${parts.method}`,
    `"@path": ${parts.path}`,
    `"content-digest": ${parts.contentDigest}`,
    `"houseguest-instance": ${parts.instanceId}`,
    `"@signature-params": ${signatureParameters(parts)}`,
  ].join("\n");
}

/** The header values that go with a signature. */
export function signatureHeaders(parts: SignedParts, signatureBase64: string): Record<string, string> {
  return {
    "content-digest": parts.contentDigest,
    "houseguest-instance": parts.instanceId,
    "signature-input": `${label}=${signatureParameters(parts)}`,
    signature: `${label}=:${signatureBase64}:`,
  };
}

const inputPattern =
  /^houseguest=\("@method" "@path" "content-digest" "houseguest-instance"\);created=(\d{1,12});keyid="([0-9a-f]{64})";nonce="([A-Za-z0-9_-]{22,86})";alg="ed25519"$/;
const signaturePattern = /^houseguest=:([A-Za-z0-9+/]{86}==):$/;

/** Reads both headers back; undefined for anything that is not exactly what `signatureHeaders` writes. */
export function parseSignatureHeaders(
  signatureInput: string,
  signature: string,
): { createdS: number; agentId: string; nonce: string; signatureBase64: string } | undefined {
  const input = inputPattern.exec(signatureInput);
  const value = signaturePattern.exec(signature);
  const [createdS, agentId, nonce] = [input?.[1], input?.[2], input?.[3]];
  const signatureBase64 = value?.[1];
  if (createdS === undefined || agentId === undefined || nonce === undefined || signatureBase64 === undefined) {
    return undefined;
  }
  return { createdS: Number(createdS), agentId, nonce, signatureBase64 };
}

/** What a revocation says; the agent signs its UTF-8 bytes at enrolment. */
export function revocationStatement(agentId: string): string {
  return `houseguest: the key of agent ${agentId} is revoked`;
}
