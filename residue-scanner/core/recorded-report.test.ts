import { describe, expect, it } from "vitest";

import { compare, files, foreign, job } from "../testing/recorded-comparison.ts";
import { touch } from "../testing/recording-fixture.ts";

describe("a recorder that did not see everything", () => {
  const source = (status: "lost" | "partial" | "not-permitted" | "off") =>
    ({ source: "files", status, detail: "why", events: 0 }) as const;

  it.each([
    ["lost", "unknown", "the recorder lost events of: files"],
    ["partial", "partial", "not all that was done could be recorded (files)"],
    ["not-permitted", "partial", "not all that was done could be recorded (files)"],
    ["off", "partial", "whose doing anything was, was not recorded"],
  ] as const)("that is %s is never clean", (status, verdict, words) => {
    const report = compare({}, {}, { sources: [source(status)] });
    expect(report.verdict).toBe(verdict);
    expect(report.summary).toBe(`Nothing was found, but ${words}.`);
    expect(report.recorder).toEqual([source(status)]);
  });
});

describe("what the scanner planted itself", () => {
  const canaries = [
    { side: "job", path: "/d/a" },
    { side: "foreign", path: "/d/b" },
  ] as const;
  const [before, after] = [files({ "/d": [] }), files({ "/d": ["a", "b"] })];
  const right = { "/d/a": [touch(job, ["created"])], "/d/b": [touch(foreign, ["created"])] };

  it("is no finding when it was found and taken for whose it is", () => {
    const report = compare(before, after, { canaries, touches: right });
    expect([report.verdict, report.findings, report.excused]).toEqual(["clean", [], []]);
    expect(report.canaries?.map(({ to, isRight }) => [to, isRight])).toEqual([
      ["job", true],
      ["background", true],
    ]);
  });

  it.each([
    ["not found", files({ "/d": ["b"] }), right],
    ["taken for somebody else's", after, { ...right, "/d/b": right["/d/a"] }],
    ["taken for nobody's", after, { "/d/b": right["/d/b"] }],
  ] as const)("makes the verdict unknown when it was %s", (_, seen, touches) => {
    const { verdict, summary } = compare(before, seen, { canaries, touches });
    expect(verdict).toBe("unknown");
    expect(summary).toContain("the scanner did not find its own canaries as whose they are");
  });
});

describe("a finding that a waiver covers", () => {
  it("does not count, and is told with the waiver", () => {
    const waivers = [{ finding: "files:/d/*", reason: "a cache that is emptied weekly", expires: "2026-12-31" }];
    const report = compare(files({ "/d": [] }), files({ "/d": ["x"] }), { waivers });
    expect([report.verdict, report.findings]).toEqual(["clean", []]);
    expect(report.summary).toBe(
      "Nothing is left that counts, and every surface was seen. 1 finding does not count by a waiver.",
    );
    expect(report.waivers).toMatchObject([{ ...waivers[0], findings: [{ id: "files:/d/x" }] }]);
  });
});
