import type { RunVerdict } from "../../../protocol/verdict.ts";
import type { Failure } from "../../simulator/outcome.ts";

/** The most findings that a story names. */
const findingsMax = 5;

/** What a replay on real processes failed in, told as a failure of a simulated run is; null when it did not. */
export function replayFailure(verdict: RunVerdict): Failure | null {
  const { expectations, error, interrupted, residue, startedAt, endedAt } = verdict;
  const atMs = Math.max(0, endedAt - startedAt);
  const broken = expectations.find(({ result }) => result === "fail");
  if (broken !== undefined) {
    return { invariant: broken.id, kind: "safety", atMs, story: broken.story ?? [broken.detail] };
  }
  if (error !== null && !interrupted) return earlyEnd(error, atMs);
  if (residue?.verdict !== "residue") return null;
  const found = residue.findings.map(({ subject }) => subject);
  const more = found.length > findingsMax ? [`… and ${found.length - findingsMax} more, in verdict.json`] : [];
  const story = [residue.summary, ...found.slice(0, findingsMax), ...more];
  return { invariant: "residue", kind: "safety", atMs, story };
}

/** The sentence that ended the run names the invariant that it broke, if it did. */
function earlyEnd(error: string, atMs: number): Failure {
  const invariant = /\((L[12]|assertion)\)/.exec(error)?.[1] ?? "error";
  return { invariant, kind: invariant.startsWith("L") ? "liveness" : "crash", atMs, story: [error] };
}
