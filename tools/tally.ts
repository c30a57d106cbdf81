import * as z from "zod";

/** Names the file through which the vitest reporter hands its tally over. */
export const tallyVariable = "HOUSEGUEST_TALLY_FILE";

/** What came of a run of the tests. */
export const Tally = z.strictObject({
  passed: z.int().min(0),
  /** By name, with the file. */
  failures: z.array(z.string()),
  /** Those of the passed ones that failed first and passed when they were tried again (CI alone does that). */
  flaky: z.array(z.strictObject({ name: z.string(), error: z.string() })),
  skips: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
});
export type Tally = z.infer<typeof Tally>;

/** The last line of `npm test` and `.ci/run`; its form is fixed, because machines read it. */
export function tallyLine({ passed, failed, skipped }: { passed: number; failed: number; skipped: number }): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
