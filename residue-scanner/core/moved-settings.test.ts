import { expect, it } from "vitest";

import { compare, excusedBy, foreign, job, whose } from "../testing/recorded-comparison.ts";
import { act, touch } from "../testing/recording-fixture.ts";
import { listedFixture } from "../testing/snapshot-fixture.ts";
import type { Recording, RecorderSource } from "./recording.ts";

type Status = RecorderSource["status"];

const location = "/sys/devices/platform/screen/backlight/brightness";
const set = (value: string) => ({
  listed: {
    sysctls: [listedFixture({ key: location, location, attributes: { value }, movesInUse: ["value"] })],
  },
});
const moved = (told: Partial<Recording> & { touches?: Record<string, ReturnType<typeof touch>[]> }) =>
  compare(set("7"), set("3"), told);

it("a setting of a device that the run wrote to is the run's, and one that others wrote to theirs", () => {
  expect(whose(moved({ touches: { [location]: [touch(job, ["modified"])] } }))).toEqual([[location, "job"]]);
  const report = moved({ touches: { [location]: [touch(foreign, ["modified"])] } });
  expect([report.verdict, excusedBy(report)]).toEqual(["clean", ["moves-in-use"]]);
});

it("a setting of a device moved by itself where whoever writes is seen, and nobody was", () => {
  const report = moved({});
  expect([report.verdict, excusedBy(report)]).toEqual(["clean", ["moves-in-use"]]);
});

it.each<[string, Partial<Recording>]>([
  ["nobody watched", { sources: [] }],
  ["writing to settings is out of sight", { seesSettings: false }],
  ["the run may have it shown elsewhere", { acts: [act(job, "mount", { apart: ["net"] })] }],
])("a setting of a device that moved makes its surface partial where %s", (_, told) => {
  const report = moved(told);
  expect([report.verdict, excusedBy(report)]).toEqual(["partial", ["moves-unseen"]]);
  expect(report.surfaces.find(({ surface }) => surface === "sysctls")).toMatchObject({
    status: "partial",
    detail: `${location} changed, and nobody saw by whom`,
  });
});

const queue = (bytes: number) => ({
  listed: { ipc: [listedFixture({ key: "msg 1", attributes: { bytes }, movesInUse: ["bytes"] })] },
});
const sources = (files: Status, calls: Status): Partial<Recording> => ({
  sources: (["files", "processes", "calls"] as const).map((source) => ({
    ...{ source, status: source === "files" ? files : source === "calls" ? calls : "done", detail: "", events: 1 },
  })),
});

it.each<[string, Partial<Recording>, string]>([
  ["all was seen", sources("done", "done"), "moves-in-use"],
  ["only settings were out of sight", { ...sources("partial", "done"), seesFiles: true }, "moves-in-use"],
  ["a file system was out of sight", { ...sources("partial", "done"), seesFiles: false }, "moves-unseen"],
  ["a kind of calls was out of sight", sources("done", "partial"), "moves-unseen"],
])("what waits in a queue may have moved by itself where %s", (_, told, rule) => {
  expect(excusedBy(compare(queue(7), queue(3), told))).toEqual([rule]);
});
