import { describe, expect, it } from "vitest";

import { EventDoers } from "./event-doers.ts";
import { Lineage } from "./lineage.ts";

const [ours, theirs, reused] = [10, 11, 20];

/** One pid that was the run's from 110 to 120, and is somebody else's from 130 on. */
function begun() {
  const lineage = new Lineage({ wallMs: (ns) => ns, processesMax: 1000, idleEndedMax: 100 });
  for (const pid of [ours, theirs]) lineage.wasThere(pid, null, 100);
  lineage.listedNs = 100;
  const lives = (parent: number, pid: number, from: number, to: number | null) => {
    lineage.fork({ parent, pid, thread: pid, atNs: from });
    if (to !== null) lineage.exit({ pid, thread: pid, atNs: to });
  };
  lives(ours, reused, 110, 120);
  lives(theirs, 41, 112, 125);
  lives(theirs, reused, 130, null);
  lives(theirs, 42, 140, null);
  const doers = new EventDoers(lineage);
  const parents = (pids: readonly number[]) => {
    doers.begin(pids.filter((pid, at) => pid !== pids[at - 1]));
    return pids.map((pid) => {
      doers.next(pid);
      return lineage.processes().get(lineage.parentOf(doers.serial(200)) ?? 0)?.pid;
    });
  };
  return { lineage, doers, parents };
}

describe("who did what events tell that bear no time, of two who had a pid one after the other", () => {
  it("is the first one where somebody did the next thing who had ended when the second one came", () => {
    const { lineage, parents } = begun();
    expect(parents([reused, reused, 41])).toEqual([ours, ours, theirs]);
    expect(lineage.ambiguous).toBe(0);
  });

  it("is the second one where somebody did the last thing who came when the first one had ended", () => {
    const { lineage, parents } = begun();
    expect(parents([reused, 41, 42, reused])).toEqual([ours, theirs, theirs, theirs]);
    expect(lineage.ambiguous).toBe(0);
  });

  it("is the second one where nothing waited when the first one had ended", () => {
    const { lineage, doers, parents } = begun();
    doers.nothingWaited(125);
    expect(parents([reused])).toEqual([theirs]);
    expect(lineage.ambiguous).toBe(0);
  });

  it("is the first one with a doubt where the order says nothing", () => {
    const { lineage, parents } = begun();
    expect(parents([theirs, reused, theirs])).toEqual([undefined, ours, undefined]);
    expect(lineage.ambiguous).toBe(1);
  });

  it("is not told by the end of a first thread, which others outlive", () => {
    const { lineage, parents } = begun();
    lineage.fork({ parent: theirs, pid: 41, thread: 43, atNs: 113 });
    parents([reused, 41]);
    expect(lineage.ambiguous).toBe(1);
  });

  it("is whoever can have been where the times contradict each other", () => {
    const { doers, parents } = begun();
    doers.nothingWaited(127);
    expect(parents([reused, 41])).toEqual([theirs, theirs]);
  });
});
