import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { readArtifact } from "../gate/released-artifacts.ts";
import {
  attestedText,
  keyKinds,
  makeKeys,
  makeRelease,
  type Release,
  removeRelease,
  verifyRelease,
} from "../testing/attested-release.ts";
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

describe("a bundle in which anything was changed is refused", () => {
  test.each(keyKinds)("any bit of any byte, signed with %s", async (kind) => {
    const keys = makeKeys(release.place, kind, "again");
    bundle = Buffer.from(await attestedText({ ...release, signing: keys.signing }));
    const accepted: string[] = [];
    for (let at = 0; at < bundle.length; at += 1) {
      // Each byte by one bit, and every bit's turn comes.
      const changed = Buffer.from(bundle);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      if (isOpened(changed, keys.verification)) accepted.push(`byte ${at} of ${bundle.length}`);
    }
    expect(accepted).toEqual([]);
    expect(isOpened(bundle, keys.verification)).toBe(true);
  });

  test("any byte put in, taken out, or replaced", () => {
    const edit = fc.record({
      at: fc.nat({ max: bundle.length }),
      taken: fc.nat({ max: 3 }),
      put: fc.uint8Array({ maxLength: 3 }),
    });
    fc.assert(
      fc.property(edit, ({ at, taken, put }) => {
        const changed = Buffer.concat([bundle.subarray(0, at), put, bundle.subarray(at + taken)]);
        expect(isOpened(changed)).toBe(changed.equals(bundle));
      }),
      { numRuns: 2_000 },
    );
  });

  test.for<[string, (lines: [string, string]) => string, string]>([
    ["one of its statements alone", ([one]) => `${one}\n`, "it has two lines, each with its end"],
    ["the same statement twice", ([one]) => `${one}\n${one}\n`, "predicateType"],
    ["in the other order", ([one, two]) => `${two}\n${one}\n`, "predicateType"],
    ["with a third line", ([one, two]) => `${one}\n${two}\n${two}\n`, "it has two lines, each with its end"],
    ["without its last line's end", ([one, two]) => `${one}\n${two}`, "it has two lines, each with its end"],
    [
      "written with spaces",
      ([one, two]) => `${JSON.stringify(JSON.parse(one), null, 1).replaceAll("\n", "")}\n${two}\n`,
      "written otherwise",
    ],
    ["with another key in it", ([one, two]) => `${one.replace("{", '{"note":"",')}\n${two}\n`, "Unrecognized key"],
    [
      "with a key twice, the last of which counts",
      ([one, two]) => `${one.replace("{", '{"mediaType":"x",')}\n${two}\n`,
      "written otherwise",
    ],
    [
      "of a type that nobody signed",
      ([one, two]) => `${one.replaceAll("vnd.in-toto+json", "vnd.other+json")}\n${two}\n`,
      "payloadType",
    ],
    [
      "without a signature",
      ([one, two]) => `${one.replace(/"signatures":\[.*\]/, '"signatures":[]')}\n${two}\n`,
      "signatures",
    ],
    [
      "with a second signature, of whoever it may be",
      ([one, two]) => `${one.replace(/("signatures":\[)(\{.*?\})/, "$1$2,$2")}\n${two}\n`,
      "signatures",
    ],
    ["nothing", () => "", "it has two lines, each with its end"],
  ])("%s", async ([, change, expected]) => {
    const [one = "", two = ""] = bundle.toString().split("\n");
    const report = await verify({ bundle: Buffer.from(change([one, two])) });
    expect(report).toMatchObject({ result: "fail", statements: null });
    expect(report.refusals.join()).toContain(expected);
  });

  test.for<[string, () => void]>([
    ["of two artifacts", () => writeFileSync(release.artifactPath, "what is released, later")],
    ["of one artifact", () => appendFileSync(release.policyPath, "# once more\n")],
  ])("statements %s in two attestations, which the key signed both", async ([, change]) => {
    change();
    const later = await attestedText(release);
    const mixed = `${later.split("\n")[0]}\n${bundle.toString().split("\n")[1]}\n`;
    expect(await verify({ bundle: Buffer.from(mixed) })).toMatchObject({
      refusals: ["signature: Its two statements are of different attestations."],
    });
  });

  test("the other signature that ECDSA takes for the same", async () => {
    const { signing, verification } = makeKeys(release.place, "ecdsa-p256", "again");
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const text = await attestedText({ ...release, signing });
      const changed = text.replace(/"sig":"([^"]+)"/, (_, sig: string) => `"sig":"${withOtherS(sig)}"`);
      expect(isOpened(Buffer.from(text), verification)).toBe(true);
      expect(isOpened(Buffer.from(changed), verification)).toBe(false);
    }
  });

  test("one that somebody else signed", async () => {
    const { signing, verification } = makeKeys(release.place, "ed25519", "other");
    const text = await attestedText({ ...release, signing });
    expect((await verify({ bundle: Buffer.from(text) })).refusals[0]).toMatch(/^signature: It was signed with the key/);
    // And says that it was signed with the right one.
    const forged = text.replaceAll(verification.id, release.verification.id);
    expect((await verify({ bundle: Buffer.from(forged) })).refusals[0]).toMatch(
      /^signature: Its signature is not the key's/,
    );
  });

  function isOpened(changed: Buffer, key = release.verification): boolean {
    try {
      openStatements(changed, key);
      return true;
    } catch {
      return false;
    }
  }
});

describe("a run in which anything was changed is refused", () => {
  test("any byte of any of its files", async () => {
    const [directory = ""] = release.directories;
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).toSorted()).toEqual(["history.jsonl", "verdict.json"]);
    for (const { name, parentPath } of files) {
      const path = join(parentPath, name);
      const before = readFileSync(path);
      for (const at of [0, Math.floor(before.length / 2), before.length - 1]) {
        const changed = Buffer.from(before);
        changed[at] = (changed[at] ?? 0) ^ 1;
        writeFileSync(path, changed);
        const report = await verify();
        expect(report.refusals[0]).toContain(`${name} is not what was attested`);
        expect(report.result).toBe("fail");
      }
      writeFileSync(path, before);
    }
    expect(await verify()).toMatchObject({ result: "pass" });
  });

  test.for<[string, (directory: string) => void, string]>([
    ["a file that was taken away", (directory) => rmSync(join(directory, "verdict.json")), "verdict.json is missing"],
    [
      "a file that was added",
      (directory) => writeFileSync(join(directory, "logs", "x.log"), ""),
      "logs/x.log was not there",
    ],
    [
      "a record that was added",
      (directory) => appendFileSync(join(directory, "history.jsonl"), "{}\n"),
      "history.jsonl is not what was attested",
    ],
  ])("%s", async ([, change, expected]) => {
    const [directory = ""] = release.directories;
    change(directory);
    expect((await verify()).refusals[0]).toContain(expected);
  });

  test("one run in the place of another", async () => {
    const [one = "", two = ""] = release.directories;
    const copy = join(release.place, "copy");
    cpSync(one, copy, { recursive: true });
    const report = await verify({ directories: [one, copy] });
    // Both are as attested, and yet they are one.
    expect(report.refusals[0]).toMatch(/^judged: .* are the same run/);
    expect(two).not.toBe(one);
  });

  test("what is no file cannot be attested, nor be passed off as one", async () => {
    const [directory = ""] = release.directories;
    const verdict = join(directory, "verdict.json");
    renameSync(verdict, join(release.place, "verdict.json"));
    symlinkSync(join(release.place, "verdict.json"), verdict);
    await expect(verify()).rejects.toThrow(/verdict\.json is neither a file nor a folder/);
    await expect(attestedText(release)).rejects.toThrow(/verdict\.json is neither a file nor a folder/);
  });
});

describe("another policy or artifact is refused", () => {
  test("a policy with one space more", async () => {
    appendFileSync(release.policyPath, " ");
    expect(await verify()).toMatchObject({
      result: "fail",
      refusals: [expect.stringMatching(/^policy: .*is not what the runs were judged by$/)],
    });
  });

  test("a policy, where none was attested", async () => {
    bundle = Buffer.from(await attestedText(release, { withPolicy: false }));
    expect((await verify()).refusals[0]).toMatch(/^policy: no policy was asked/);
    expect((await verify({ policy: undefined })).rows.find(({ check }) => check === "policy")?.result).toBe("skipped");
  });

  test("an artifact with one bit turned", async () => {
    const bytes = readFileSync(release.artifactPath);
    bytes[3] = (bytes[3] ?? 0) ^ 4;
    writeFileSync(release.artifactPath, bytes);
    expect(await verify()).toMatchObject({
      result: "fail",
      refusals: [expect.stringMatching(/^artifact: the sha256 of agent\.tgz is/)],
    });
  });

  test("the same artifact by another name is the same", async () => {
    const path = join(release.place, "renamed.tgz");
    cpSync(release.artifactPath, path);
    expect(await verify({ artifact: await readArtifact(path) })).toMatchObject({ result: "pass" });
  });
});

/** (r, n - s) of a signature (r, s) on P-256, in DER. */
function withOtherS(base64: string): string {
  const der = Buffer.from(base64, "base64");
  const r = der.subarray(4, 4 + (der[3] ?? 0));
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = order - BigInt(`0x${der.subarray(4 + r.length + 2).toString("hex")}`);
  const bytes = Buffer.from(s.toString(16).padStart(64, "0"), "hex");
  // An INTEGER is signed.
  const positive = (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]);
  const body = Buffer.concat([Buffer.of(2, r.length), r, Buffer.of(2, positive.length), positive]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]).toString("base64");
}
