import { describe, expect, it } from "vitest";

import { recordedProcess, recordedRun } from "../testing/recording-fixture.ts";
import { contextFixture, processFixture, snapshotFixture } from "../testing/snapshot-fixture.ts";
import type { Difference } from "./difference.ts";
import type { OtherRun } from "./attribution-context.ts";
import { namedByOtherRun } from "./other-runs.ts";
import { ProcessWitness } from "./process-attribution.ts";
import { RecordedWitness } from "./recorded-witness.ts";

const other: OtherRun = { name: "20260131T101500-theirs", id: "0a1b2c3d", pid: 500, startTime: "77" };
const context = contextFixture({ otherRuns: [other] });
const itsName = "the run 20260131T101500-theirs, which went on at the same time";

describe("another run at the same time", () => {
  const judge = (marks: Record<string, string>, own: Partial<Parameters<typeof processFixture>[0]> = {}) => {
    const process = processFixture({ pid: 100, marks, ...own });
    const after = snapshotFixture({ processes: [process] });
    return new ProcessWitness(snapshotFixture({ processes: [] }), after, context).of(process);
  };

  it("is known by the marker of its processes, and named", () => {
    expect(judge({ HOUSEGUEST_RUN: other.id })).toEqual({
      to: "background",
      evidence: [{ kind: "marker", detail: `HOUSEGUEST_RUN=0a1b2c3d in its environment is ${itsName}` }],
    });
    expect(judge({ HOUSEGUEST_RUN: "ffffffff" }).to).toBe("unknown");
  });

  it("takes nothing off this run that has evidence against it: a job may set what marker it likes", () => {
    const inOurCgroup = { cgroup: "/house/run/job-1" };
    const process = processFixture({ pid: 100, marks: { HOUSEGUEST_RUN: other.id }, ...inOurCgroup });
    const ours = { ...context, cgroupPrefixes: ["/house/run"] };
    const after = snapshotFixture({ processes: [process] });
    expect(new ProcessWitness(snapshotFixture({ processes: [] }), after, ours).of(process).to).toBe("agent");
  });

  it("is known by its harness, from which all of it descends", () => {
    const root = recordedProcess({ serial: 1, pid: 50, parent: null, isOlder: true });
    const harness = recordedProcess({ serial: 2, pid: other.pid, startTime: other.startTime, parent: 1 });
    const agent = recordedProcess({ serial: 3, parent: 2 });
    const witness = new RecordedWitness({
      recording: recordedRun([root, harness, agent]).recording,
      ...{ context, cgroupPrefixes: [], isScanner: () => false, markedAs: () => null },
      requestOf: () => ({ to: "unknown", evidence: [] }),
    });
    expect(witness.of(3)).toMatchObject({
      to: "background",
      evidence: [{ detail: expect.stringContaining(`which is the harness of ${itsName}`) }],
    });
  });

  it.each([
    ["/tmp/houseguest-0a1b2c3d/donor", "background"],
    ["/sys/fs/cgroup/houseguest-run-0a1b2c3d", "background"],
    ["/tmp/houseguest-0a1b2c3de/donor", "unknown"],
    ["/tmp/0a1b2c3d", "unknown"],
    ["/runs/20260131T101500-theirs/history.jsonl", "background"],
    ["/runs/20260131T101500-theirs-2", "unknown"],
  ])("is told by a name that only it uses: %s is %s", (key, to) => {
    const difference = { surface: "files", change: "appeared", key } as unknown as Difference;
    expect(namedByOtherRun(difference, { to: "unknown", evidence: [] }, [other]).to).toBe(to);
    expect(namedByOtherRun(difference, { to: "agent", evidence: [] }, [other]).to).toBe("agent");
  });
});
