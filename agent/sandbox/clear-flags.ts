import { execFile } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { sep } from "node:path";

/** How long chattr(1) may work on a large tree, in milliseconds. */
const clearMsMax = 60_000;

/**
 * Takes the immutable and append-only flags off everything in a directory, which only root can set, and so only root
 * has to. Where something is mounted below it nothing is done: that is the host's, and chattr(1) would enter it.
 */
export async function clearFlags(directory: string): Promise<void> {
  if (process.getuid?.() !== 0 || hasMountBelow(directory)) return;
  await new Promise<void>((resolve) => {
    // Whether it worked shows when the removal is tried again; names that are no UTF-8 never pass through here.
    execFile("chattr", ["-R", "-f", "-i", "-a", "."], { cwd: directory, timeout: clearMsMax }, () => resolve());
  });
}

/** The same for one file or directory, which is no link. */
export async function clearFlagsOf(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await new Promise<void>((resolve) => {
    execFile("chattr", ["-f", "-i", "-a", "--", path], { timeout: clearMsMax }, () => resolve());
  });
}

function hasMountBelow(directory: string): boolean {
  const prefix = realpathSync(directory) + sep;
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .some((line) => unescape(line.split(" ")[4] ?? "").startsWith(prefix));
}

/** proc_pid_mountinfo(5) writes space, tab, newline and backslash as octal escapes. */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
