import type { RecordOf } from "./checker.ts";

/**
 * The jobs of which the log does not know any more how the broker has them.
 * - `lose-store`: the store forgot them, or took them back to where they were before.
 * - `lose-history`: the broker died when their last steps were in the store and not yet told. It may name agents too,
 *   by their ids.
 *
 * So each may go on from anywhere, under any lease, or be gone. What was granted stays granted: epochs never go back.
 */
export function forgottenJobs({ data: { fault, subjects } }: RecordOf<"fault.applied">): readonly string[] {
  return fault === "lose-store" || fault === "lose-history" ? subjects : [];
}
