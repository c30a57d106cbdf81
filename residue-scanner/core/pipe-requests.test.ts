import { describe, expect, it } from "vitest";

import type { ResidueReport } from "../../protocol/residue-report.ts";
import { compare, files, foreign, job } from "../testing/recorded-comparison.ts";
import { recordedProcess, touch } from "../testing/recording-fixture.ts";
import type { FileInspection } from "./inspection.ts";
import type { Touch } from "./recording.ts";

const service = recordedProcess({ serial: 20, pid: 90, parent: null, isOlder: true, executable: "/opt/service" });
const worker = recordedProcess({ serial: 21, parent: 20, fromMs: 1_400 });
const [before, after] = [files({ "/d": [] }), files({ "/d": ["x"] })];
const looked = { digest: null, unread: null, linkTarget: null, xattrs: null, bears: [], writers: [] };
const reads: FileInspection = { ...looked, readers: [service.pid] };

/** Whose is /d/x, which the service, or one of its children, made? */
function whoseIs(made: Touch, asked: readonly Touch[], inspection = reads): readonly string[] {
  const { findings, excused }: ResidueReport = compare(before, after, {
    came: [service, worker],
    touches: { "/d/x": [made], "/d/ask": asked },
    inspections: new Map([["/d/ask", inspection]]),
  });
  return [...findings.map(({ attribution }) => attribution.to), ...excused.map(({ rule }) => rule)];
}

describe("what a service did that takes its orders through a named pipe", () => {
  const asked = touch(job, ["modified"], 1_300);
  const made = touch(20, ["created"], 1_500);

  it("is shared with the job that wrote into the pipe before: nobody knows what it asked for", () => {
    expect(whoseIs(made, [asked])).toEqual(["shared"]);
  });

  it("is shared also where a child of the service did it", () => {
    expect(whoseIs(touch(21, ["created"], 1_500), [asked])).toEqual(["shared"]);
    // The child began at once, and the writing was read after that.
    expect(whoseIs(touch(21, ["created"], 1_500), [touch(job, ["modified"], 1_450)])).toEqual(["shared"]);
  });

  it("is shared when somebody else wrote into it, too, or the service was at it already", () => {
    expect(whoseIs(made, [asked, touch(foreign, ["modified"], 1_200)])).toEqual(["shared"]);
    expect(whoseIs(touch(20, ["created", "modified"], 1_100, 1_500), [asked])).toEqual(["shared"]);
    expect(whoseIs(touch(20, ["created"], 90_000), [touch(job, ["modified"], 1_300, 40_000)])).toEqual(["shared"]);
  });

  it.each([
    ["only others wrote into it", made, [touch(foreign, ["modified"], 1_300)], reads],
    ["the job wrote into it long before", touch(20, ["created"], 61_301), [asked], reads],
    ["the job wrote into it afterwards", made, [touch(job, ["modified"], 1_600)], reads],
    ["the job only looked at it", made, [touch(job, ["attributes"], 1_300)], reads],
    ["the service does not read from it", made, [asked], { ...looked, readers: [70] }],
    ["somebody who does not come from the service did it", touch(foreign, ["created"], 1_500), [asked], reads],
  ] as const)("is its own where %s", (_, done, requests, inspection) => {
    expect(whoseIs(done, requests, inspection)).toEqual(["foreign-process"]);
  });
});

describe("what a service did that watches a directory", () => {
  const watches: FileInspection = { ...looked, watchers: [service.pid] };
  const whose = (made: Touch, put: Touch, watched: string, inspection = watches) => {
    const { findings, excused } = compare(before, after, {
      came: [service, worker],
      touches: { "/d/x": [made], "/in/order": [put] },
      inspections: new Map([[watched, inspection]]),
    });
    return [...findings.map(({ attribution }) => attribution.to), ...excused.map(({ rule }) => rule)];
  };
  const made = touch(20, ["created"], 1_500);

  it.each(["/in", "/in/order"])("is shared with the job that had just put something there: %s", (watched) => {
    expect(whose(made, touch(job, ["created"], 1_300), watched)).toEqual(["shared"]);
    expect(whose(touch(21, ["created"], 1_500), touch(job, ["created"], 1_300), watched)).toEqual(["shared"]);
  });

  it.each([
    ["only others put something there", made, touch(foreign, ["created"], 1_300), "/in", watches],
    ["the job did so long before", touch(20, ["created"], 5_000), touch(job, ["created"], 1_300), "/in", watches],
    ["the job did so afterwards", made, touch(job, ["created"], 1_700), "/in", watches],
    ["it watches another directory", made, touch(job, ["created"], 1_300), "/other", watches],
    ["somebody else watches it", made, touch(job, ["created"], 1_300), "/in", { ...looked, watchers: [70] }],
  ] as const)("is its own where %s", (_, done, put, watched, inspection) => {
    expect(whose(done, put, watched, inspection)).toEqual(["foreign-process"]);
  });
});
