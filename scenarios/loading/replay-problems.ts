import type { Timing } from "../../protocol/timing.ts";
import type { StepOf } from "../steps/step.ts";
import type { Problem } from "./file-problem.ts";

/**
 * What is said again proves something only while its signature would still be taken: from then on any broker refuses it
 * for its age, also one that forgot that it had heard it.
 */
export function replayProblems(
  { downMs = 0, replays }: StepOf<"kill-broker">,
  { path, timing: { signatureWindowMs } }: { readonly path: readonly PropertyKey[]; readonly timing: Timing },
): Problem[] {
  if (replays === undefined || downMs < signatureWindowMs) return [];
  const why = `with replays it is less than the timing's signatureWindowMs (${signatureWindowMs})`;
  const message = `the step "kill-broker", downMs: ${why}, after which any signature is refused for its age`;
  return [{ path: [...path, "downMs"], message }];
}
