import type { Timing } from "../../protocol/timing.ts";
import type { StepOf } from "../steps/step.ts";
import type { Problem } from "./file-problem.ts";

/** A signature has its time in whole seconds, and is older by what that leaves out. */
const secondMs = 1_000;

/**
 * What is said again proves something only while its signature would still be taken: from then on any broker refuses it
 * for its age, also one that forgot that it had heard it.
 */
export function replayProblems(
  { downMs = 0, replays }: StepOf<"kill-broker">,
  { path, timing: { signatureWindowMs } }: { readonly path: readonly PropertyKey[]; readonly timing: Timing },
): Problem[] {
  const downMsEnd = signatureWindowMs - secondMs;
  if (replays === undefined || downMs < downMsEnd) return [];
  const why = `with replays it is less than ${downMsEnd}, a second below the timing's signatureWindowMs`;
  const message = `the step "kill-broker", downMs: ${why}, after which any signature is refused for its age`;
  return [{ path: [...path, "downMs"], message }];
}
