import type { ResidueReport, ResidueVerdict } from "../../../protocol/residue-report.ts";

/** As the scanner comes to it (README.md, "Three verdicts"). */
export function derivedResidue({ findings, surfaces, recorder = [], canaries = [] }: ResidueReport): ResidueVerdict {
  if (findings.length > 0) return "residue";
  if (canaries.some(({ isRight }) => !isRight)) return "unknown";
  if (surfaces.length === 0 || surfaces.some(({ status }) => status === "failed")) return "unknown";
  if (recorder.some(({ status }) => status === "lost")) return "unknown";
  return [...surfaces, ...recorder].every(({ status }) => status === "done") ? "clean" : "partial";
}
