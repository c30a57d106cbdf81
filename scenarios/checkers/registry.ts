import { messageOf } from "../../foundation/errors.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import type { Expectation } from "../../protocol/verdict.ts";
import type { Checker } from "./checker.ts";
import { completionOnce } from "./completion-once.ts";
import { freezeLatency } from "./freeze-latency.ts";
import { jobsSettled } from "./jobs-settled.ts";
import { keyRevoked } from "./key-revoked.ts";
import { leaseExclusivity } from "./lease-exclusivity.ts";
import { noIntake } from "./no-intake.ts";
import { pauseSilence } from "./pause-silence.ts";
import { progressKept } from "./progress-kept.ts";
import { resultsCorrect } from "./results-correct.ts";
import { transitions } from "./transitions.ts";
import { withdrawalMeasured } from "./withdrawal-measured.ts";

const checkers = {
  "lease-exclusivity": leaseExclusivity,
  "completion-once": completionOnce,
  "jobs-settled": jobsSettled,
  transitions,
  "pause-silence": pauseSilence,
  "no-intake": noIntake,
  "key-revoked": keyRevoked,
  "withdrawal-measured": withdrawalMeasured,
  "freeze-latency": freezeLatency,
  "progress-kept": progressKept,
  "results-correct": resultsCorrect,
} as const satisfies Record<string, Checker>;

/** A checker and what it is to be told. */
export interface ScenarioExpectation {
  readonly checker: keyof typeof checkers;
  readonly settings?: Readonly<Record<string, number | string>>;
}

/**
 * Judges a history by one expectation. A checker that crashes gives unknown, never pass.
 *
 * @param lostEvidence lines of the history that could not be read: a pass on half the evidence is none
 */
export function judgeExpectation(
  history: readonly HistoryRecord[],
  expectation: ScenarioExpectation,
  lostEvidence: readonly string[],
): Expectation {
  const checker = checkers[expectation.checker];
  const base = { id: expectation.checker, title: checker.title };
  try {
    const judgement = checker.judge(history, expectation.settings ?? {});
    if (judgement.result === "pass" && lostEvidence.length > 0) {
      return { ...base, result: "unknown", detail: `${judgement.detail}; but evidence was lost: ${lostEvidence[0]}` };
    }
    return { ...base, ...judgement };
  } catch (error) {
    return { ...base, result: "unknown", detail: `the checker itself failed: ${messageOf(error)}` };
  }
}
