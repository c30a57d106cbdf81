import { describe, expect, it } from "vitest";

import { compare, files, foreign, job } from "../testing/recorded-comparison.ts";
import { touch } from "../testing/recording-fixture.ts";
import type { Touch } from "./recording.ts";

const differencesMax = 100;
const count = 150;
const names = Array.from({ length: count }, (_, index) => `n${index}`);
const [before, after] = [files({ "/d": ["kept"], "/e": ["x"] }), files({ "/d": ["kept", ...names], "/e": ["x", "y"] })];

/** The report on a crowd in a directory that was there, whose listed entries are touched so. */
function reportOn(own: readonly Touch[], ofDirectory: readonly Touch[], [old, now] = [before, after]) {
  const touches = Object.fromEntries(names.map((name) => [`/d/${name}`, own]));
  const came = touch(foreign, ["created"]);
  const report = compare(old, now, { touches: { ...touches, "/d": ofDirectory, "/e/y": [came] }, differencesMax });
  const status = report.surfaces.find(({ surface }) => surface === "files")?.status;
  const told = report.findings.map(({ subject, attribution }) => [subject, attribution.to]);
  return { status, told, report };
}

describe("more entries than are listed, in a directory that was there", () => {
  const [made, changed] = [touch(job, ["created"]), touch(job, ["modified"])];
  const others = touch(foreign, ["modified"]);

  it("are one finding that counts them all, and names a few", () => {
    const { status, told, report } = reportOn([made], [changed]);
    expect([status, told]).toEqual(["done", [[`${count} entries that came to the directory /d`, "job"]]]);
    const [finding] = report.findings;
    expect(finding?.after).toMatchObject({ entriesBelow: count });
    expect(finding?.after?.["examplesBelow"]).toHaveLength(5);
    expect([finding?.location, finding?.remove]).toEqual(["/d", null]);
  });

  it("are shared, as far as they are not listed, where others changed entries there too", () => {
    const { status, told } = reportOn([made], [changed, others]);
    expect([status, told]).toEqual([
      "done",
      [
        // One of those that are listed is elsewhere.
        ["99 entries that came to the directory /d", "job"],
        ["51 entries that came to the directory /d", "shared"],
      ],
    ]);
  });

  it("are excused where nobody of the run changed any", () => {
    const { report } = reportOn([touch(foreign, ["created"])], [others]);
    expect([report.verdict, report.findings]).toEqual(["clean", []]);
    const examples = report.excused.flatMap((each) => each.examples);
    expect(report.excused.map(({ rule }) => rule)).toEqual(["foreign-process"]);
    expect(examples).toHaveLength(5);
  });

  it("are unexplained where nobody was seen, and told of those that are gone, too", () => {
    expect(reportOn([], []).told).toEqual([[`${count} entries that came to the directory /d`, "unknown"]]);
    expect(reportOn([], [], [after, before]).told).toEqual(
      expect.arrayContaining([[`${count} entries that went from the directory /d`, "unknown"]]),
    );
  });
});

describe("more entries than are listed that were there and are not as they were", () => {
  const sized = (size: number) =>
    files({ "/d": names.map((name) => ({ name, size })), "/e": [{ name: "x", size }], "/f": ["kept"] });
  const wrote = (by: number) => [touch(by, ["modified"])];
  const statusOf = (own: readonly Touch[], all: readonly Touch[]) => {
    const touches = Object.fromEntries(names.map((name) => [`/d/${name}`, own]));
    const report = compare(sized(1), sized(2), {
      touches: { ...touches, "/d/": all, "/e/x": wrote(foreign) },
      differencesMax,
    });
    const told = report.findings.map(({ subject, attribution }) => [subject, attribution.to]);
    return { told, report, status: report.surfaces.find(({ surface }) => surface === "files") };
  };

  it("are one finding of whoever changed any of them, which counts them all", () => {
    const { told, report, status } = statusOf(wrote(job), wrote(job));
    expect(told).toEqual([[`${count} entries of the directory /d that changed`, "job"]]);
    expect([status?.status, report.findings[0]?.after?.["entriesBelow"]]).toEqual(["done", count]);
    expect(statusOf(wrote(job), [...wrote(job), ...wrote(foreign)]).told.map(([, to]) => to)).toEqual([
      "job",
      "shared",
    ]);
  });

  it("are unexplained where nobody was seen", () => {
    expect(statusOf([], []).told).toEqual([[`${count} entries of the directory /d that changed`, "unknown"]]);
  });

  it("are named as left out, and not excused, where only others were seen", () => {
    const { told, report, status } = statusOf(wrote(foreign), wrote(foreign));
    expect([told, report.verdict, status?.status]).toEqual([[], "unknown", "failed"]);
    expect(status?.detail).toBe("51 more differences than one report takes were left out, in /d (51)");
  });
});

describe("more entries than are listed, in a directory that came or went as well", () => {
  const without = files({ "/e": ["kept"] });
  const withIt = files({ "/e": ["kept", { name: "n", mode: 0o40755 }], "/e/n": names });
  const [made, took, changed] = [
    touch(foreign, ["created"]),
    touch(foreign, ["deleted"]),
    touch(foreign, ["modified"]),
  ];
  const others = { "/e": [changed], "/e/n": [made, changed], "/e/n/": [made] };
  const reportWith = (touches: Readonly<Record<string, readonly Touch[]>>, [old, now] = [without, withIt]) => {
    const own = Object.fromEntries(names.map((name) => [`/e/n/${name}`, [made, took]]));
    const { verdict, surfaces } = compare(old, now, { touches: { ...own, ...touches }, differencesMax });
    return [verdict, surfaces.find(({ surface }) => surface === "files")?.status];
  };

  it("are excused where only others made or took them away", () => {
    expect(reportWith(others)).toEqual(["clean", "done"]);
    expect(reportWith({ "/e": [changed], "/e/n": [took] }, [withIt, without])).toEqual(["clean", "done"]);
  });

  it("are named as left out where the run made one there, wrote to one, or nobody was seen", () => {
    const unknown = ["unknown", "failed"];
    expect(reportWith({ ...others, "/e/n": [made, changed, touch(job, ["modified"])] })).toEqual(unknown);
    expect(reportWith({ ...others, "/e/n/": [made, touch(job, ["modified"])] })).toEqual(unknown);
    expect(reportWith({ ...others, "/e/n": [made] })).toEqual(unknown);
    const taken = { "/e": [changed], "/e/n": [took, touch(job, ["modified"])] };
    expect(reportWith(taken, [withIt, without])).toEqual(unknown);
  });
});
