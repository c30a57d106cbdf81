import type { Verdict } from "../../protocol/verdict.ts";
import type { StoredRun } from "../runs/read-run.ts";

/** What a run comes to by the scenario that it is a run of, as that is here and now. */
export interface JudgedAgain {
  /** Each expectation, as it was judged and as it is now; null where there was or is none. */
  readonly expectations: readonly {
    readonly id: string;
    readonly before: Verdict | null;
    readonly now: Verdict | null;
    readonly detail: string;
  }[];
  /** How large the run was, and how large its scenario is where nobody says otherwise. */
  readonly sizes: readonly { readonly knob: Knob; readonly value: number; readonly usual: number }[];
}

export const knobs = ["slots", "jobs", "cycles"] as const;
export type Knob = (typeof knobs)[number];

/**
 * Who knows the scenarios and their checkers. Reports do not: whoever puts the program together hands it in.
 *
 * @throws UsageError where the run's scenario is not known here
 */
export type ScenarioJudge = (run: StoredRun) => JudgedAgain;
