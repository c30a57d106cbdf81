import { describe, expect, it } from "vitest";

import { compare, excusedBy, foreign, job } from "../testing/recorded-comparison.ts";
import { recordedProcess, touch } from "../testing/recording-fixture.ts";
import { processFixture } from "../testing/snapshot-fixture.ts";
import type { FileInspection } from "./inspection.ts";
import type { RecordedProcess, Touch } from "./recording.ts";

const service = recordedProcess({ serial: 20, pid: 90, parent: null, isOlder: true, executable: "/opt/service" });
const worker = recordedProcess({ serial: 21, parent: 20, fromMs: 1_400 });
const below = recordedProcess({ serial: 22, parent: 21, fromMs: 1_500 });
const looked = { digest: null, unread: null, linkTarget: null, xattrs: null, bears: [], writers: [] };
const reads: FileInspection = { ...looked, readers: [service.pid] };

/** Whose is a process that is there after the run, and comes from the service? */
function whoseIs(came: RecordedProcess, asked: readonly Touch[], others: readonly RecordedProcess[] = []) {
  const there = [service, came].map(({ pid, startTime }) => processFixture({ pid, startTime: startTime ?? "" }));
  const read = processFixture({ pid: 60 });
  const report = compare(
    { processes: [read, ...there.slice(0, 1)] },
    { processes: [read, ...there] },
    {
      came: [service, worker, below, ...others],
      touches: { "/d/ask": asked },
      inspections: new Map([["/d/ask", reads]]),
    },
  );
  return [...report.findings.map(({ attribution }) => attribution.to), ...excusedBy(report)];
}

describe("what a service started that takes its orders through a named pipe", () => {
  const asked = touch(job, ["modified"], 1_300);

  it("is shared with the job that had written into the pipe, and so is what that started", () => {
    expect(whoseIs(worker, [asked])).toEqual(["shared"]);
    expect(whoseIs(below, [asked])).toEqual(["shared"]);
    // The writing was read late.
    expect(whoseIs(worker, [touch(job, ["modified"], 1_450)])).toEqual(["shared"]);
  });

  it.each([
    ["only others wrote", [touch(foreign, ["modified"], 1_300)]],
    ["nobody wrote", []],
    ["the job wrote only later", [touch(job, ["modified"], 2_000)]],
  ])("is its own where %s", (_, told) => {
    expect(whoseIs(worker, told)).toEqual(["foreign-process"]);
  });

  it("is its own where only what it had started wrote, of however many", () => {
    const workers = Array.from({ length: 3_000 }, (_, index) => recordedProcess({ serial: 100 + index, parent: 20 }));
    const own = workers.map(({ serial }) => touch(serial, ["modified"], 1_300));
    expect(whoseIs(worker, own, workers)).toEqual(["foreign-process"]);
    expect(whoseIs(worker, [...own, asked], workers)).toEqual(["shared"]);
  });

  it("says who had asked", () => {
    const there = [service, worker].map(({ pid, startTime }) => processFixture({ pid, startTime: startTime ?? "" }));
    const { findings } = compare(
      { processes: [processFixture({ pid: 60 }), ...there.slice(0, 1)] },
      { processes: [processFixture({ pid: 60 }), ...there] },
      { came: [service, worker], touches: { "/d/ask": [asked] }, inspections: new Map([["/d/ask", reads]]) },
    );
    const said = findings.flatMap(({ attribution }) => attribution.evidence.map(({ detail }) => detail)).join("\n");
    expect(said).toMatch(/reads from the pipe \/d\/ask, into which process \d+ .* of the job wrote before/);
  });
});
