import { ExitCode } from "../../foundation/exit-codes.ts";
import type {
  Canary,
  RecorderStatus,
  ResiduePolicy,
  ResidueVerdict,
  SurfaceStatus,
} from "../../protocol/residue-report.ts";

/**
 * The verdict over a whole comparison. A finding is certain whatever else was not seen; without
 * one, lost evidence outweighs what this user may not see, and only a complete look is clean.
 */
export function judgeResidue(seen: {
  readonly findings: number;
  readonly surfaces: readonly SurfaceStatus[];
  /** Absent where nobody wanted a recorder: then there is nothing that it could have missed. */
  readonly recorder?: readonly RecorderStatus[];
  /** Absent where none were planted. */
  readonly canaries?: readonly Canary[];
}): ResidueVerdict {
  const recorder = seen.recorder ?? [];
  if (seen.findings > 0) return "residue";
  // Whoever does not find what it planted itself proves nothing by finding nothing.
  if (seen.canaries?.some(({ isRight }) => !isRight) === true) return "unknown";
  // What was excused was excused by evidence, of which some is missing.
  if (recorder.some(({ status }) => status === "lost")) return "unknown";
  if (seen.surfaces.length === 0 || seen.surfaces.some(({ status }) => status === "failed")) return "unknown";
  if (recorder.some(({ status }) => status !== "done")) return "partial";
  return seen.surfaces.every(({ status }) => status === "done") ? "clean" : "partial";
}

/** What a program ends with after this verdict; `partial` passes only under the `developer` policy. */
export function exitCodeForVerdict(verdict: ResidueVerdict, policy: ResiduePolicy): ExitCode {
  if (verdict === "clean") return ExitCode.pass;
  if (verdict === "residue") return ExitCode.fail;
  return verdict === "partial" && policy === "developer" ? ExitCode.pass : ExitCode.unknown;
}
