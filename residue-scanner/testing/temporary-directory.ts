import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { onTestFinished } from "vitest";

/** A directory of this test's own, removed when the test ends. */
export function temporaryDirectory(parent = tmpdir()): string {
  const directory = mkdtempSync(join(realpathSync(parent), "residue-scanner-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A directory of this test's own with that many empty files; in memory where that goes, because a disk may take minutes. */
export function directoryOfFiles(count: number): string {
  const directory = temporaryDirectory(isWritable("/dev/shm") ? "/dev/shm" : undefined);
  const script = 'cd "$1" && seq --format="file-%.0f" "$2" | xargs touch';
  execFileSync("bash", ["-c", script, "bash", directory, String(count)]);
  return directory;
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
