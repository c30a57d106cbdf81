import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { readArtifact } from "../gate/released-artifacts.ts";
import {
  attestedText,
  keyKinds,
  makeRelease,
  type Release,
  removeRelease,
  verifyRelease,
} from "../testing/attested-release.ts";
import { attest } from "./attest.ts";
import { sealed } from "./bundle.ts";
import { digestsOf } from "./digests.ts";
import { runFiles } from "./run-files.ts";
import { openStatements, type VerifyRequest } from "./verify.ts";

let release: Release;
let bundle: Buffer;
beforeEach(async () => {
  release = makeRelease();
  bundle = Buffer.from(await attestedText(release));
});
afterEach(() => removeRelease(release));

async function verify(over: Partial<VerifyRequest> = {}) {
  return await verifyRelease(release, bundle, over);
}

describe("what was attested and is here as it was", () => {
  test.each(keyKinds)("passes, signed with %s", async (kind) => {
    const other = makeRelease(kind);
    onTestFinished(() => removeRelease(other));
    const report = await verifyRelease(other, Buffer.from(await attestedText(other)));
    expect(report).toMatchObject({ result: "pass", refusals: [] });
    expect(report.rows.map(({ check, result }) => `${check} ${result}`)).toEqual([
      ...["signature pass", "artifact pass", "policy pass", "runs pass", "runs pass", "judged pass", "result pass"],
    ]);
  });

  test("passes with the bundle alone, and says what was not compared", async () => {
    const report = await verify({ policy: undefined, artifact: undefined, directories: [] });
    expect(report.result).toBe("pass");
    expect(report.rows.filter(({ result }) => result === "skipped").map(({ check }) => check)).toEqual([
      ...["artifact", "policy", "runs"],
    ]);
  });

  test("says what anybody may read: in-toto statements about the artifact in DSSE envelopes", () => {
    const statements = bundle
      .toString()
      .trim()
      .split("\n")
      .map((line) => {
        const { mediaType, dsseEnvelope } = JSON.parse(line) as {
          mediaType: string;
          dsseEnvelope: { payload: string; payloadType: string };
        };
        expect(mediaType).toBe("application/vnd.dev.sigstore.bundle.v0.3+json");
        expect(dsseEnvelope.payloadType).toBe("application/vnd.in-toto+json");
        return JSON.parse(Buffer.from(dsseEnvelope.payload, "base64").toString()) as Record<string, unknown>;
      });
    const subject = [{ name: "agent.tgz", digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } }];
    expect(statements).toMatchObject([
      {
        _type: "https://in-toto.io/Statement/v1",
        subject,
        predicateType: "https://in-toto.io/attestation/test-result/v0.1",
        predicate: { result: "PASSED", passedTests: ["20260131T101500-one", "20260131T101501-two"] },
      },
      {
        _type: "https://in-toto.io/Statement/v1",
        subject,
        predicateType: "urn:x-houseguest:residue:v0.1",
        predicate: { result: "pass", runs: [{ residue: "clean", findings: [] }, { residue: "clean" }] },
      },
    ]);
  });

  test("a run that was moved is known by its files", async () => {
    const [one = "", two = ""] = release.directories;
    const moved = join(release.place, "moved");
    renameSync(one, moved);
    expect(await verify({ directories: [two, moved] })).toMatchObject({ result: "pass" });
  });
});

test("what did not pass is attested as such, and is no pass when it is verified", async () => {
  writeFileSync(release.policyPath, readFileSync(release.policyPath, "utf8").replace("repeats: 2", "repeats: 3"));
  bundle = Buffer.from(await attestedText(release));
  const report = await verify();
  expect(report.statements?.testResult.predicate.result).toBe("FAILED");
  expect(report).toMatchObject({ result: "fail", refusals: ["result: 2 of 2 runs"] });
});

test("a pass that the runs do not bear out is refused, though the key's owner signed it", async () => {
  writeFileSync(release.policyPath, readFileSync(release.policyPath, "utf8").replace("repeats: 2", "repeats: 3"));
  const { testResult, residue } = openStatements(Buffer.from(await attestedText(release)), release.verification);
  const first = Buffer.from(
    JSON.stringify({ ...testResult, predicate: { ...testResult.predicate, result: "PASSED" } }),
  );
  const second = {
    ...residue,
    predicate: { ...residue.predicate, result: "pass", testResult: digestsOf(first).sha256 },
  };
  const lines = [first, Buffer.from(JSON.stringify(second))].map((payload) => sealed(payload, release.signing));
  bundle = Buffer.from(`${lines.join("\n")}\n`);
  expect(await verify()).toMatchObject({ result: "fail", refusals: ["judged: fail, attested is pass"] });
  // Whoever has only the bundle has only its owner's word.
  expect(await verify({ directories: [] })).toMatchObject({ result: "pass" });
});

test("a run that is still being written is not attested", async () => {
  const attested = attest({
    ...{ directories: release.directories, key: release.signing, nowMs: release.nowMs, policy: undefined },
    artifact: await readArtifact(release.artifactPath),
    async filesOf(directory) {
      const files = await runFiles(directory);
      appendFileSync(join(directory, "history.jsonl"), "{}\n");
      return files;
    },
  });
  await expect(attested).rejects.toThrow(/changed while it was read: history\.jsonl/);
});
