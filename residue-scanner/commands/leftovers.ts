import type { ResidueReport } from "../../protocol/residue-report.ts";
import { readProcess } from "../collectors/processes.ts";

/**
 * Kills the processes of the report that are the watched command's, each only if it is still the same process.
 *
 * @returns how many were killed
 */
export function killLeftovers(report: ResidueReport): number {
  let killed = 0;
  for (const { surface, after, attribution } of report.findings) {
    if (surface !== "processes" || after === null || attribution.to !== "job") continue;
    const pid = Number(after["pid"]);
    if (readProcess(pid)?.startTime !== after["startTime"]) continue;
    try {
      process.kill(pid, "SIGKILL");
      killed += 1;
    } catch {
      // It ended by itself, or became somebody else's to kill.
    }
  }
  return killed;
}
