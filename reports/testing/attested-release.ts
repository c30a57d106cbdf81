import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { HistoryRecord } from "../../protocol/history.ts";
import { attest } from "../attestation/attest.ts";
import { type AttestationKey, readSigningKey, readVerificationKey } from "../attestation/keys.ts";
import { type VerifyRequest, verifyAttestation } from "../attestation/verify.ts";
import { readPolicy } from "../gate/read-policy.ts";
import { readArtifact } from "../gate/released-artifacts.ts";
import { agentSource, beganAt } from "./history-builder.ts";
import { releasableRun } from "./releasable-run.ts";
import { cleanResidue } from "./residue-fixtures.ts";
import { writeRun } from "./write-run.ts";

export const keyKinds = ["ed25519", "ecdsa-p256"] as const;
export type KeyKind = (typeof keyKinds)[number];

/** A release in a folder of its own: two runs that pass, a policy, an artifact, and keys. */
export interface Release {
  readonly place: string;
  readonly directories: readonly string[];
  readonly policyPath: string;
  readonly artifactPath: string;
  readonly signing: AttestationKey;
  readonly verification: AttestationKey;
  readonly nowMs: number;
}

const policyText = `version: 1
scenarios:
  - scenario: withdraw-under-load
    repeats: 2
recorder: optional
`;

export function makeRelease(kind: KeyKind = "ed25519"): Release {
  const place = mkdtempSync(join(tmpdir(), "houseguest-release-"));
  const root = join(place, "runs");
  mkdirSync(root);
  const directories = ["20260131T101500-one", "20260131T101501-two"].map((run, index) => {
    const passed = releasableRun("passing", { run, residue: cleanResidue() });
    return writeRun(root, { ...passed, history: anotherTime(index, passed.history) });
  });
  const [policyPath, artifactPath] = [join(place, "release.yaml"), join(place, "agent.tgz")];
  writeFileSync(policyPath, policyText);
  writeFileSync(artifactPath, "what is released");
  return { place, directories, policyPath, artifactPath, ...makeKeys(place, kind), nowMs: beganAt + 3_600_000 };
}

/** No two runs happen at the same time to the millisecond, nor by the same instance of an agent. */
function anotherTime(index: number, history: readonly HistoryRecord[]): HistoryRecord[] {
  const source = `${agentSource.slice(0, -1)}${index}`;
  return history.map((record) => ({
    ...{ ...record, at: record.at + index * 1_000 },
    ...(record.source === agentSource ? { source } : {}),
  }));
}

export function removeRelease({ place }: Release): void {
  rmSync(place, { recursive: true });
}

/** A pair in PEM under that name, as OpenSSL would write it. */
export function makeKeys(place: string, kind: KeyKind, name = "release") {
  const { privateKey, publicKey } =
    kind === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const [keyPath, publicPath] = [join(place, `${name}.key`), join(place, `${name}.pub`)];
  writeFileSync(keyPath, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  writeFileSync(publicPath, publicKey.export({ type: "spki", format: "pem" }));
  return { signing: readSigningKey(keyPath), verification: readVerificationKey(publicPath) };
}

/** The bundle of the release as it is now. */
export async function attestedText(release: Release, over: { withPolicy?: boolean } = {}): Promise<string> {
  const { text } = await attest({
    ...{ directories: release.directories, key: release.signing, nowMs: release.nowMs },
    policy: over.withPolicy === false ? undefined : readPolicy(release.policyPath),
    artifact: await readArtifact(release.artifactPath),
  });
  return text;
}

/** Verifies a bundle with everything of the release that there is to compare; what refuses it as `check: detail`. */
export async function verifyRelease(release: Release, bundle: Buffer, over: Partial<VerifyRequest> = {}) {
  const { verification: key, directories, policyPath, artifactPath } = release;
  const given = { policy: readPolicy(policyPath), artifact: await readArtifact(artifactPath), directories };
  const report = await verifyAttestation({ bundle, key, ...given, ...over });
  const refusals = report.rows.filter(({ result }) => result !== "pass" && result !== "skipped");
  return { ...report, refusals: refusals.map(({ check, detail }) => `${check}: ${detail}`) };
}
