import { describe, expect, it } from "vitest";

import type { AttributionTarget, Excused, Finding, ResidueReport } from "../../protocol/residue-report.ts";
import type { CorpusItem, Trace } from "./item.ts";
import { claimed, isBlamed, isOfRun, judge } from "./judge.ts";

const variables = { W: "/w", T: "hgp1", N: "hgn1" };
const done = { status: "done", reason: "" } as const;

function itemWith(...traces: Trace[]): CorpusItem {
  return { name: "one", what: "one", act: ":", undo: ":", traces };
}

function findingOf(finding: Partial<Finding>, to: AttributionTarget = "unknown"): Finding {
  return {
    ...{ id: "files:/x", surface: "files", change: "appeared", subject: "", location: "/x", owner: null },
    ...{ before: null, after: null, changed: [], show: "" },
    attribution: { to, evidence: [] },
    ...finding,
  };
}

function judged(item: CorpusItem, findings: readonly Finding[], excused: readonly Excused[] = []) {
  const report = { findings, excused } as unknown as ResidueReport;
  return judge(item, { report, variables, outcome: done });
}

describe("an item is found", () => {
  it("by its text in the location, the subject, the owner or an attribute", () => {
    const item = itemWith({ text: "$D/left" });
    for (const finding of [
      { location: "/w/p/one/left" },
      { subject: "file /w/p/one/left (0644)" },
      { owner: "3 (/w/p/one/left)" },
      { after: { backing: "/w/p/one/left" } },
      { before: { paths: ["/a", "/w/p/one/left"] } },
    ])
      expect(judged(item, [findingOf(finding)]).found).toHaveLength(1);
    expect(judged(item, [findingOf({ show: "stat /w/p/one/left" })]).found).toEqual([]);
  });

  it("not by a longer name that begins so", () => {
    const item = itemWith({ text: "/tmp/$T" });
    expect(judged(item, [findingOf({ location: "/tmp/hgp1-other" })]).found).toEqual([]);
    expect(judged(item, [findingOf({ location: "/tmp/hgp12" })]).found).toEqual([]);
    expect(judged(item, [findingOf({ location: "/tmp/hgp1-other", subject: "/tmp/hgp1:2" })]).found).toHaveLength(1);
  });

  it("only with the surface, the change and the changed attributes that it asks for", () => {
    const item = itemWith({ text: "/x", surface: "files", change: "changed", changed: ["mode"] });
    const wanted = { change: "changed", changed: ["mode", "ctime"] } as const;
    expect(judged(item, [findingOf({ ...wanted, changed: ["mode", "ctime"] })]).found).toEqual(["/x"]);
    expect(judged(item, [findingOf({ ...wanted, changed: ["ctime"] })]).found).toEqual([]);
    expect(judged(item, [findingOf({ ...wanted, changed: ["mode"], change: "appeared" })]).found).toEqual([]);
    expect(judged(item, [findingOf({ ...wanted, changed: ["mode"], surface: "mounts" })]).found).toEqual([]);
  });

  it("not where it was never done", () => {
    const report = { findings: [findingOf({})], excused: [] } as unknown as ResidueReport;
    const outcome = { status: "skipped", reason: "no at" } as const;
    expect(judge(itemWith({ text: "/x" }), { report, variables, outcome })).toMatchObject({
      found: [],
      attributedTo: null,
    });
  });
});

describe("whose it is", () => {
  it("is the strongest claim of those that tell it", () => {
    const item = itemWith({ text: "/x" });
    const claims = [findingOf({}, "background"), findingOf({}, "job"), findingOf({}, "unknown")];
    expect(judged(item, claims).attributedTo).toBe("job");
    expect(judged(item, [findingOf({}, "background")]).attributedTo).toBe("background");
    expect(judged(item, []).attributedTo).toBeNull();
  });

  it("is the run's or not, and blame is whatever is not another's", () => {
    const item = itemWith({ text: "/x" });
    const [job, unknown, background] = (["job", "unknown", "background"] as const).map((to) =>
      judged(item, [findingOf({}, to)]),
    );
    expect([job, unknown, background].map((one) => one !== undefined && isOfRun(one))).toEqual([true, false, false]);
    expect([job, unknown, background].map((one) => one !== undefined && isBlamed(one))).toEqual([true, true, false]);
    expect(isBlamed(judged(item, []))).toBe(false);
    const shared = judged(item, [findingOf({}, "shared")]);
    expect([isOfRun(shared), isBlamed(shared)]).toEqual([true, true]);
    expect(isBlamed({ ...shared, item: { ...item, sharedBecause: "both write to it" } })).toBe(false);
  });

  it("names the rule that excused it, as far as the examples show", () => {
    const rule = { rule: "ended", reason: "", count: 9, examples: ["/y", "/x (by 3)"] };
    expect(judged(itemWith({ text: "/x" }), [], [rule]).excusedBy).toEqual(["ended"]);
    expect(judged(itemWith({ text: "/z" }), [], [rule]).excusedBy).toEqual([]);
  });
});

describe("findings", () => {
  it("belong to an item or to none", () => {
    const findings = [findingOf({ location: "/x" }), findingOf({ id: "files:/y", location: "/y" })];
    expect(claimed(findings, [itemWith({ text: "/y" })], variables).map(({ location }) => location)).toEqual(["/y"]);
  });
});
