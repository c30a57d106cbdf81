import { isThere } from "../collectors/processes/hidden.ts";
import { readProcessStat, readProcLink } from "../collectors/proc.ts";

/** Matches what `ownMaker` returns. */
export const makerPattern = "\\d+-\\d+-\\d+";

/**
 * This process as a part of names of what it makes: its PID namespace, its pid there and its start time. Pids are used
 * again; with the start time they are not, as long as the host is not started anew.
 */
export function ownMaker(): string {
  return `${pidNamespace()}-${process.pid}-${readProcessStat(process.pid)?.startTime ?? "0"}`;
}

/** Whether a maker has surely ended; one of another PID namespace, or one that /proc hides, may run. */
export function hasSurelyEnded(maker: string): boolean {
  const [namespace, pid, startTime] = maker.split("-");
  if (namespace === "0" || namespace !== pidNamespace()) return false;
  const stat = readProcessStat(Number(pid));
  if (stat === null) return !isThere(Number(pid));
  return stat.startTime !== startTime || stat.state === "Z" || stat.state === "X";
}

function pidNamespace(): string {
  return /\d+/.exec(readProcLink("/proc/self/ns/pid") ?? "")?.[0] ?? "0";
}
