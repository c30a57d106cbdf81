import { describe, expect, it } from "vitest";

import { processFixture, snapshotFixture } from "../testing/snapshot-fixture.ts";
import { differencesBetween } from "./difference.ts";
import { atOnce } from "./steps.ts";
import type { CgroupFact, ProcessFact } from "./fact.ts";

function changesOfProcess(before: Partial<ProcessFact>, after: Partial<ProcessFact>): readonly string[] {
  const [was, is] = [before, after].map((parts) =>
    snapshotFixture({ processes: [processFixture({ pid: 42, ...parts })] }),
  );
  if (was === undefined || is === undefined) return [];
  return atOnce(differencesBetween(was, is)).list.flatMap(({ changed }) => changed);
}

function changesOfGroup(before: Partial<CgroupFact>, after: Partial<CgroupFact>): readonly string[] {
  const group = { path: "pids:/x", directory: "/pids/x", inode: 7 };
  const [was, is] = [before, after].map((parts) => snapshotFixture({ cgroups: [{ ...group, ...parts }] }));
  if (was === undefined || is === undefined) return [];
  return atOnce(differencesBetween(was, is)).list.flatMap(({ change, changed }) =>
    change === "changed" ? changed : [change],
  );
}

describe("a process of both readings", () => {
  it("differs by a control group of version 1 where it was moved, and not where a hierarchy came", () => {
    expect(changesOfProcess({ olderCgroups: ["pids:/"] }, { olderCgroups: ["pids:/x"] })).toEqual(["olderCgroups"]);
    expect(changesOfProcess({ olderCgroups: ["pids:/"] }, { olderCgroups: ["name=x:/", "pids:/"] })).toEqual([]);
  });

  it("differs by what its files say", () => {
    const before = { timerSlackNs: 50_000, coreDumpFilter: "33", autogroupNice: 0 };
    const after = { timerSlackNs: 1, coreDumpFilter: "7f", autogroupNice: 5 };
    expect(changesOfProcess(before, after)).toEqual(["timerSlackNs", "coreDumpFilter", "autogroupNice"]);
    // Of one that has ended nothing is known any more.
    expect(changesOfProcess(before, { timerSlackNs: null, coreDumpFilter: null, autogroupNice: null })).toEqual([]);
  });
});

describe("a surface that one reading has nothing of", () => {
  const processes = [processFixture({ pid: 42 })];
  const differencesWith = (status: "done" | "failed") => {
    const read = { surface: "processes", status, detail: "", facts: 0, durationMs: 0 } as const;
    const before = snapshotFixture({ processes, surfaces: [{ ...read, status: "done" }] });
    return [
      ...atOnce(differencesBetween(before, snapshotFixture({ processes: [], surfaces: [read] }))).list,
      ...atOnce(differencesBetween(snapshotFixture({ processes: [], surfaces: [read] }), before)).list,
    ].map(({ change }) => change);
  };

  it("did not lose all that was there where it could not be read", () => {
    expect(differencesWith("done")).toEqual(["vanished", "appeared"]);
    expect(differencesWith("failed")).toEqual([]);
  });
});

describe("a control group of both readings", () => {
  it("differs by what is set of it, and not by what the group above hands down", () => {
    expect(changesOfGroup({ settings: { "pids.max": "max" } }, { settings: { "pids.max": "7" } })).toEqual([
      "pids.max",
    ]);
    expect(changesOfGroup({ settings: {} }, { settings: { "pids.max": "max" } })).toEqual([]);
  });

  it("is another one under another number, save for a hierarchy that is mounted or not", () => {
    expect(changesOfGroup({}, { inode: 8 })).toEqual(["inode"]);
    expect(changesOfGroup({ path: "pids:/", inode: 0 }, { path: "pids:/", inode: 1 })).toEqual([]);
  });
});
