import { expect, it } from "vitest";

import { compareSnapshots } from "./compare-snapshots.ts";
import type { Touch } from "./core/recording.ts";
import { programsRun } from "./core/run-programs.ts";
import { command, daemon, files, foreign, job, scanner, whose } from "./testing/recorded-comparison.ts";
import { recordedProcess, recordedRun, touch } from "./testing/recording-fixture.ts";
import { contextFixture, snapshotFixture } from "./testing/snapshot-fixture.ts";

it("what somebody else's process did is shared with the job that had written its program, and took it away again", async () => {
  const [before, after] = [snapshotFixture(files({ "/d": [] })), snapshotFixture(files({ "/d": ["x"] }))];
  const hook = { executable: "/usr/bin/dash", commandLine: "sh /tmp/hook", fromMs: 1_500 };
  const run = recordedRun([scanner, daemon, command, recordedProcess({ serial: 20, parent: foreign, ...hook })]);
  const known: Readonly<Record<string, readonly Touch[]>> = {
    "/d/x": [touch(20, ["created"], 1_510)],
    "/tmp/hook": [touch(job, ["created", "modified", "deleted"], 1_100, 1_600)],
  };
  const recorder = {
    askRecording: async () => run.recording,
    askTouches: async (paths: readonly string[]) => new Map(paths.map((path) => [path, known[path] ?? []])),
    askPrograms: async () => programsRun(run.recording),
    askChangedDirectories: async () => [],
  };
  const processes = [{ pid: command.pid, startTime: String(command.startTime), role: "job" as const }];
  const report = await compareSnapshots(before, after, contextFixture({ processes }), { recorder });
  expect(whose(report)).toEqual([["/d/x", "shared"]]);
});
