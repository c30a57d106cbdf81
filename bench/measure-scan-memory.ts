import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { diffTrees } from "../residue-scanner/core/tree-diff.ts";
import { loadSnapshot, saveSnapshot, takeSnapshot } from "../residue-scanner/scanner.ts";

/** A child of scan-memory.ts: reads the host once or twice, and prints what it took. */
const [readings = "1"] = process.argv.slice(2);

if (readings === "2") {
  const before = await takeSnapshot({ workers: 2, isKept: true });
  diffTrees(before.files, (await takeSnapshot({ baseline: before })).files);
  console.log(JSON.stringify({ peakBytes: peakOfThisProgram() }));
} else await readOnce();

async function readOnce(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "houseguest-bench-"));
  try {
    const path = join(directory, "snapshot");
    const snapshot = await takeSnapshot({ workers: 2 });
    const saveStartedMs = performance.now();
    await saveSnapshot(snapshot, path);
    const saveMs = performance.now() - saveStartedMs;
    const peakBytes = peakOfThisProgram();
    // After the peak was taken: another process would load it.
    const loadStartedMs = performance.now();
    await loadSnapshot(path);
    const loadMs = performance.now() - loadStartedMs;
    const entries = snapshot.surfaces.find(({ surface }) => surface === "files")?.facts ?? 0;
    console.log(JSON.stringify({ peakBytes, entries, fileBytes: statSync(path).size, saveMs, loadMs }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** VmHWM of proc_pid_status(5): the maximum of getrusage(2) also counts what the parent held when it started this. */
function peakOfThisProgram(): number {
  const [, kibibytes = "NaN"] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}
