import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { Finding } from "../protocol/residue-report.ts";
import { applyWaivers } from "./core/waivers.ts";
import { readPolicyFile } from "./policy-file.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

const nowMs = Date.UTC(2026, 5, 15, 23, 59);
const waiver = { finding: "files:/x", reason: "the cache of apt, cleaned weekly", expires: "2026-06-15" };

function read(content: unknown): ReturnType<typeof readPolicyFile> {
  const path = join(temporaryDirectory(), "policy.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return readPolicyFile(path, nowMs);
}

describe("a policy file", () => {
  it("stands on a built-in policy, and its waivers hold until the end of their day", () => {
    expect(read({ base: "strict", waivers: [waiver] })).toEqual({ policy: "strict", waivers: [waiver] });
    expect(read({ base: "ci" })).toEqual({ policy: "ci", waivers: [] });
  });

  it.each([
    ["{", "JSON"],
    [{ base: "lenient" }, "base"],
    [{ base: "ci", waivers: [{ ...waiver, reason: "   " }] }, "waivers.0.reason: a waiver needs a reason"],
    [{ base: "ci", waivers: [{ finding: "files:/x", expires: "2026-06-15" }] }, "a waiver needs a reason"],
    [{ base: "ci", waivers: [{ ...waiver, expires: "soon" }] }, "waivers.0.expires: a waiver needs its last day"],
    [{ base: "ci", waivers: [{ ...waiver, expires: "2026-06-14" }] }, "the waiver of files:/x expired with 2026-06-14"],
    [{ base: "ci", ignore: ["/tmp"] }, "ignore"],
  ])("is refused with what is wrong: %j", (content, words) => {
    expect(() => read(content)).toThrow(words);
  });
});

describe("a waiver", () => {
  const finding = (id: string) => ({ id }) as Finding;
  const covered = (pattern: string, ...ids: string[]) =>
    applyWaivers(ids.map(finding), [{ ...waiver, finding: pattern }]).uses[0]?.findings.map(({ id }) => id);

  it("covers the finding of that id, or those that its stars stand for", () => {
    expect(covered("files:/a.b", "files:/a.b", "files:/axb", "files:/a.b/c")).toEqual(["files:/a.b"]);
    expect(covered("files:/a/*", "files:/a/b", "files:/a/b/c")).toEqual(["files:/a/b"]);
    expect(covered("files:/a/**", "files:/a/b", "files:/a/b/c", "files:/b")).toEqual(["files:/a/b", "files:/a/b/c"]);
  });

  it("leaves what it does not cover", () => {
    expect(applyWaivers([finding("files:/x"), finding("files:/y")], [waiver]).counting).toEqual([finding("files:/y")]);
  });
});
