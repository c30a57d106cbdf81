import { describe, expect, it } from "vitest";

import type { ResidueReport } from "../../protocol/residue-report.ts";
import { compare, files, foreign, job, type Told } from "../testing/recorded-comparison.ts";
import { recordedProcess, touch } from "../testing/recording-fixture.ts";
import type { FileInspection } from "./inspection.ts";
import type { Touch, TouchKind } from "./recording.ts";

const service = recordedProcess({ serial: 20, pid: 90, parent: null, isOlder: true, executable: "/opt/service" });
const worker = recordedProcess({ serial: 21, parent: 20, fromMs: 1_400 });
const [before, after] = [files({ "/d": [] }), files({ "/d": ["x"] })];
const looked = { digest: null, unread: null, linkTarget: null, xattrs: null, bears: [], writers: [] };
const reads: FileInspection = { ...looked, readers: [service.pid] };

/** Whose is /d/x, which the service, or one of its children, made? */
function whoseIs(
  made: Touch,
  asked: readonly Touch[],
  inspection = reads,
  more: Pick<Told, "otherRuns" | "came"> = {},
): readonly string[] {
  const { came = [], ...further } = more;
  const { findings, excused }: ResidueReport = compare(before, after, {
    ...further,
    came: [service, worker, ...came],
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

  it("is another run's where that one's own reads from it", () => {
    const other = { name: "20261122T184702-x", id: "618fdabf", pid: service.pid, startTime: String(service.startTime) };
    for (const done of [made, touch(21, ["created"], 1_500)])
      expect(whoseIs(done, [asked], reads, { otherRuns: [other] })).toEqual(["other-run"]);
  });

  it("is shared where the service has ended since", () => {
    expect(whoseIs(made, [asked], reads, { came: [{ ...service, toMs: 9_000 }] })).toEqual(["shared"]);
  });

  it("is its own later, whatever the worker that it started at the job's order writes into the same pipe", () => {
    const later = touch(21, ["modified"], 100_000);
    expect(whoseIs(touch(20, ["created"], 100_500), [asked, later])).toEqual(["foreign-process"]);
    expect(whoseIs(made, [asked, later])).toEqual(["shared"]);
  });

  it("is shared where another service's worker wrote into it that the job had ordered", () => {
    const other = recordedProcess({ serial: 30, pid: 91, parent: null, isOlder: true, executable: "/opt/other" });
    const ordered = recordedProcess({ serial: 31, parent: 30, fromMs: 1_350 });
    const { findings } = compare(before, after, {
      came: [service, other, ordered],
      touches: { "/d/x": [made], "/d/ask": [touch(31, ["modified"], 1_400)], "/d/other": [asked] },
      inspections: new Map([
        ["/d/ask", reads],
        ["/d/other", { ...looked, readers: [other.pid] }],
      ]),
    });
    expect(findings.map(({ attribution }) => attribution.to)).toEqual(["shared"]);
  });

  it("is its own where whoever reads from it only has the pid that the service had", () => {
    const gone = { ...service, serial: 22, toMs: 1_900 };
    expect(whoseIs(touch(22, ["created"], 1_500), [asked], reads, { came: [gone] })).toEqual(["foreign-process"]);
    expect(whoseIs(made, [asked], reads, { came: [gone] })).toEqual(["shared"]);
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
  const told: FileInspection = { ...looked, watchers: { itself: [service.pid] } };
  const within: FileInspection = { ...looked, watchers: { itself: [service.pid], within: [service.pid] } };
  const whose = (made: Touch, put: Touch, watched: string, inspection = within, more: Partial<Told> = {}) => {
    const { came = [], touches = {}, ...further } = more;
    const { findings, excused } = compare(before, after, {
      inspections: new Map([[watched, inspection]]),
      ...further,
      came: [service, worker, ...came],
      touches: { "/d/x": [made], "/in/order": [put], ...touches },
    });
    return [...findings.map(({ attribution }) => attribution.to), ...excused.map(({ rule }) => rule)];
  };
  const made = touch(20, ["created"], 1_500);
  const put = touch(job, ["created"], 1_300);

  it.each([
    ["/in", within],
    ["/in/order", told],
  ])("is shared with the job that had just put something there: %s", (watched, inspection) => {
    expect(whose(made, put, watched, inspection)).toEqual(["shared"]);
    expect(whose(touch(21, ["created"], 1_500), put, watched, inspection)).toEqual(["shared"]);
  });

  it("is its own where it watches the directory above, or only the directory itself: what lies deeper it is not told", () => {
    const filled = { touches: { "/in": [touch(job, ["modified"], 1_300)] } };
    const itself: FileInspection = { ...looked, watchers: { itself: [service.pid], within: [] } };
    expect(whose(made, put, "/in", itself, filled)).toEqual(["foreign-process"]);
    expect(whose(made, put, "/in", within, filled)).toEqual(["shared"]);
    const above = {
      touches: { "/in/order/deep": [put], "/in/order": [touch(job, ["modified"], 1_300)] },
      inspections: new Map([
        ["/in", within],
        ["/in/order", itself],
      ]),
    };
    expect(whose(made, touch(foreign, ["created"], 1_300), "/in", within, above)).toEqual(["foreign-process"]);
    const given = { touches: { "/in": [touch(job, ["attributes"], 1_300)] } };
    expect(whose(made, put, "/in", itself, given)).toEqual(["shared"]);
  });

  it("is shared only where that is what it is told of", () => {
    const only = (...kinds: TouchKind[]): FileInspection => ({
      ...looked,
      watchers: { itself: [], within: [service.pid], onlyWithin: new Map([[service.pid, kinds]]) },
    });
    expect(whose(made, put, "/in", only("deleted", "created"))).toEqual(["shared"]);
    expect(whose(made, put, "/in", only("deleted", "attributes"))).toEqual(["foreign-process"]);
    // The order is gone again: of it only the directory tells.
    const gone = { touches: { "/in/order": [], "/in": [touch(job, ["modified"], 1_300)] } };
    expect(whose(made, put, "/in", only("moved-to"), gone)).toEqual(["shared"]);
    expect(whose(made, put, "/in", only("attributes"), gone)).toEqual(["foreign-process"]);
    const given = { touches: { "/in": [touch(job, ["attributes"], 1_300)] } };
    const itself: FileInspection = { ...looked, watchers: { itself: [service.pid], within: [] } };
    const ofMoves = {
      ...itself,
      watchers: {
        ...itself.watchers,
        itself: [service.pid],
        onlyOfItself: new Map([[service.pid, ["moved-to"] as const]]),
      },
    };
    expect(whose(made, touch(foreign, ["created"]), "/in", itself, given)).toEqual(["shared"]);
    expect(whose(made, touch(foreign, ["created"]), "/in", ofMoves, given)).toEqual(["foreign-process"]);
  });

  it("is its own later, whatever the worker that it started at the job's order writes there", () => {
    const state = { touches: { "/in/state": [touch(21, ["created"], 100_000)] } };
    expect(whose(touch(20, ["created"], 100_500), put, "/in", within, state)).toEqual(["foreign-process"]);
  });

  it("is shared where it watches the root, and something came there", () => {
    const root = { touches: { "/order": [put], "/in/order": [] } };
    expect(whose(made, put, "/", within, root)).toEqual(["shared"]);
    const deeper = { touches: { "/": [put], "/in/order": [put] } };
    const names: FileInspection = { ...looked, watchers: { itself: [], within: [service.pid] } };
    expect(whose(made, put, "/", names, deeper)).toEqual(["foreign-process"]);
  });

  it("is another run's where that one's own watches it, whoever touched it", () => {
    const other = { name: "20261122T184702-x", id: "618fdabf", pid: service.pid, startTime: String(service.startTime) };
    for (const done of [made, touch(21, ["created"], 1_500)])
      expect(whose(done, put, "/in", within, { otherRuns: [other] })).toEqual(["other-run"]);
  });

  it("is its own where whoever watches only has the pid that it had", () => {
    const gone = { ...service, serial: 22, toMs: 1_900 };
    const done = touch(22, ["created"], 1_500);
    expect(whose(done, put, "/in", within, { came: [gone] })).toEqual(["foreign-process"]);
    expect(whose(made, put, "/in", within, { came: [gone] })).toEqual(["shared"]);
  });

  it.each([
    ["only others put something there", made, touch(foreign, ["created"], 1_300), "/in", within],
    ["the job did so long before", touch(20, ["created"], 5_000), put, "/in", within],
    ["the job did so afterwards", made, touch(job, ["created"], 1_700), "/in", within],
    ["it watches another directory", made, put, "/other", within],
    ["somebody else watches it", made, put, "/in", { ...looked, watchers: { itself: [70], within: [70] } }],
  ] as const)("is its own where %s", (_, done, asked, watched, inspection) => {
    expect(whose(done, asked, watched, inspection)).toEqual(["foreign-process"]);
  });
});
