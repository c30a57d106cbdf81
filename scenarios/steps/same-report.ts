import { isDeepStrictEqual } from "node:util";

import type { WithdrawalReport } from "../../protocol/withdrawal-report.ts";
import { StepError } from "./step-error.ts";

/**
 * Whoever asks for a withdrawal that is under way is told of that one.
 *
 * @throws StepError `other-report`
 */
export function checkSameReport(
  report: WithdrawalReport | undefined,
  others: readonly { readonly report?: WithdrawalReport | undefined }[],
): void {
  if (others.every((other) => isDeepStrictEqual(other.report, report))) return;
  throw new StepError("Two who asked for one withdrawal were told different reports.", {
    code: "other-report",
    next: "The history in the run directory has both, as `witness.answered`.",
  });
}
