import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { compareSnapshots, exitCodeForVerdict, type Recorder, type RecorderOptions, takeSnapshot } from "./scanner.ts";
import { testRecorder } from "./testing/recorded-lineage.ts";
import { contextFixture } from "./testing/snapshot-fixture.ts";
import { temporaryDirectory } from "./testing/temporary-directory.ts";

interface Loss {
  readonly what: string;
  readonly options: RecorderOptions;
  /** Which of the recorder's sources cannot be trusted afterwards. */
  readonly sources: readonly string[];
  readonly lose: (recorder: Recorder, directory: string) => void;
}

const losses: readonly Loss[] = [
  {
    what: "more file events than the kernel's queue holds",
    options: { limitedQueue: true, asleep: true },
    sources: ["files"],
    lose: (_, directory) => {
      // The kernel may join all events of one name (fanotify(7)).
      const queued = Number(readFileSync("/proc/sys/fs/fanotify/max_queued_events", "utf8"));
      for (let index = 0; index <= queued; index += 1) {
        const path = join(directory, String(index));
        writeFileSync(path, "");
        rmSync(path);
      }
    },
  },
  {
    what: "a netlink buffer that is too small",
    options: { processRoomBytes: 1, asleep: true },
    sources: ["processes"],
    lose: () => void spawnSync("sh", ["-c", "i=0; while [ $i -lt 50 ]; do (:); i=$((i+1)); done"]),
  },
  {
    what: "a recorder that dies",
    options: {},
    sources: ["files", "processes", "calls"],
    // No path at all: the thread trips over it.
    lose: (recorder) => void recorder.touchesOf([null as unknown as string]),
  },
];

describe.skipIf(process.geteuid?.() !== 0 || process.platform !== "linux")(
  "a run whose evidence was lost is unknown, under every policy (needs root on Linux):",
  () => {
    it.each(losses)("$what", async ({ options, sources, lose }) => {
      const directory = temporaryDirectory();
      const recorder = await testRecorder(options);
      const before = await takeSnapshot({ roots: [directory] });
      lose(recorder, directory);
      const after = await takeSnapshot({ roots: [directory] });
      const report = await compareSnapshots(before, after, contextFixture({ policy: "developer" }), { recorder });
      const lost = (report.recorder ?? []).filter(({ status }) => status === "lost").map(({ source }) => source);
      expect(lost).toEqual(sources);
      // Where others are at work on this host, something of theirs may be a finding.
      const isFound = report.findings.length > 0;
      expect(report.verdict).toBe(isFound ? "residue" : "unknown");
      expect(isFound || report.summary.includes(`the recorder lost events of: ${sources.join(", ")}`)).toBe(true);
      expect(exitCodeForVerdict(report.verdict, "developer")).toBe(isFound ? 1 : 2);
    });
  },
);
