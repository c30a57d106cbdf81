import { messageOf } from "../../foundation/errors.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import type { Expectation } from "../../protocol/verdict.ts";
import { type Checker, type CheckerSettings, failed, type Judgement, undecided } from "./checker.ts";
import { activityPauses } from "./activity-pauses.ts";
import { checkpointProgress } from "./checkpoint-progress.ts";
import { completionOnce } from "./completion-once.ts";
import { commandsOnce } from "./commands-once.ts";
import { executions } from "./executions.ts";
import { fencing } from "./fencing.ts";
import { freezeBound } from "./freeze-bound.ts";
import { freezeLatency } from "./freeze-latency.ts";
import { jobsSettled } from "./jobs-settled.ts";
import { keyRevoked } from "./key-revoked.ts";
import { latestInstance } from "./latest-instance.ts";
import { leaseExclusivity } from "./lease-exclusivity.ts";
import { ledgerConservation } from "./ledger-conservation.ts";
import { lostNoticed } from "./lost-noticed.ts";
import { noIntake } from "./no-intake.ts";
import { noLostJob } from "./no-lost-job.ts";
import { pauseSilence } from "./pause-silence.ts";
import { progressKept } from "./progress-kept.ts";
import { ownerHolds } from "./owner-holds.ts";
import { ownerGranted } from "./owner-granted.ts";
import { signalsHeeded } from "./signals-heeded.ts";
import { requestsAnswered } from "./requests-answered.ts";
import { resultsCorrect } from "./results-correct.ts";
import { resumeThaws } from "./resume-thaws.ts";
import { shutdownOnce } from "./shutdown-once.ts";
import { shutdownEnds } from "./shutdown-ends.ts";
import { cooperationHeeded } from "./cooperation-heeded.ts";
import { cooperationTrue } from "./cooperation-true.ts";
import { transitions } from "./transitions.ts";
import { leaseOverrun } from "./lease-overrun.ts";
import { workKept } from "./work-kept.ts";
import { wordKept } from "./word-kept.ts";
import { commandOnce } from "./command-once.ts";
import { revokedFirst } from "./revoked-first.ts";
import { pauseTold } from "./pause-told.ts";
import { freezesEnd } from "./freezes-end.ts";
import { checkpointsMade } from "./checkpoints-made.ts";
import { checkpointsTold } from "./checkpoints-told.ts";
import { checkpointsThere } from "./checkpoints-there.ts";
import { deathsBlamed } from "./deaths-blamed.ts";
import { pauseHeard } from "./pause-heard.ts";
import { heldStarts } from "./held-starts.ts";
import { stateOfWork } from "./state-of-work.ts";
import { heartbeatRhythm } from "./heartbeat-rhythm.ts";
import { workOffered } from "./work-offered.ts";
import { offersAnswered } from "./offers-answered.ts";
import { workUndisturbed } from "./work-undisturbed.ts";
import { endsTold } from "./ends-told.ts";
import { exitsTold } from "./exits-told.ts";
import { queueOrder } from "./queue-order.ts";
import { startsCounted } from "./starts-counted.ts";
import { slotsTold } from "./slots-told.ts";
import { leaseCalls } from "./lease-calls.ts";
import { agentCalls } from "./agent-calls.ts";
import { unstartableDeclined } from "./unstartable-declined.ts";
import { unstartableSpared } from "./unstartable-spared.ts";
import { workState } from "./work-state.ts";
import { holderAlone } from "./holder-alone.ts";
import { grantsExpire } from "./grants-expire.ts";
import { brokerHeard } from "./broker-heard.ts";
import { shownAsTold } from "./shown-as-told.ts";
import { statusTrue } from "./status-true.ts";
import { brokerContact } from "./broker-contact.ts";
import { commandDuty } from "./command-duty.ts";
import { shutdownBound } from "./shutdown-bound.ts";
import { shutdownHandover } from "./shutdown-handover.ts";
import { startDuty } from "./start-duty.ts";
import { stopDuty } from "./stop-duty.ts";
import { wakeTruth } from "./wake-truth.ts";
import { withdrawComplete } from "./withdraw-complete.ts";
import { withdrawalBound } from "./withdrawal-bound.ts";
import { withdrawalHandsBack } from "./withdrawal-hands-back.ts";
import { withdrawalPace } from "./withdrawal-pace.ts";
import { withdrawalThorough } from "./withdrawal-thorough.ts";
import { withdrawalCalls } from "./withdrawal-calls.ts";
import { withdrawalPersists } from "./withdrawal-persists.ts";
import { withdrawalReport } from "./withdrawal-report.ts";
import { withdrawalTold } from "./withdrawal-told.ts";
import { withdrawalMeasured } from "./withdrawal-measured.ts";

export const checkers = {
  "lease-exclusivity": leaseExclusivity,
  fencing,
  "completion-once": completionOnce,
  "no-lost-job": noLostJob,
  "jobs-settled": jobsSettled,
  transitions,
  "pause-silence": pauseSilence,
  "resume-thaws": resumeThaws,
  "no-intake": noIntake,
  "key-revoked": keyRevoked,
  "withdraw-complete": withdrawComplete,
  "withdrawal-bound": withdrawalBound,
  "withdrawal-measured": withdrawalMeasured,
  "ledger-conservation": ledgerConservation,
  "shutdown-once": shutdownOnce,
  "shutdown-ends": shutdownEnds,
  "freeze-latency": freezeLatency,
  "freeze-bound": freezeBound,
  "lost-noticed": lostNoticed,
  "progress-kept": progressKept,
  "checkpoint-progress": checkpointProgress,
  "results-correct": resultsCorrect,
  "latest-instance": latestInstance,
  "revoked-first": revokedFirst,
  "command-once": commandOnce,
  "commands-once": commandsOnce,
  executions,
  "word-kept": wordKept,
  "work-kept": workKept,
  "lease-overrun": leaseOverrun,
  "pause-told": pauseTold,
  "freezes-end": freezesEnd,
  "checkpoints-made": checkpointsMade,
  "cooperation-true": cooperationTrue,
  "cooperation-heeded": cooperationHeeded,
  "checkpoints-told": checkpointsTold,
  "checkpoints-there": checkpointsThere,
  "pause-heard": pauseHeard,
  "held-starts": heldStarts,
  "state-of-work": stateOfWork,
  "requests-answered": requestsAnswered,
  "owner-granted": ownerGranted,
  "owner-holds": ownerHolds,
  "activity-pauses": activityPauses,
  "signals-heeded": signalsHeeded,
  "withdrawal-pace": withdrawalPace,
  "withdrawal-hands-back": withdrawalHandsBack,
  "withdrawal-thorough": withdrawalThorough,
  "withdrawal-report": withdrawalReport,
  "withdrawal-calls": withdrawalCalls,
  "withdrawal-told": withdrawalTold,
  "withdrawal-persists": withdrawalPersists,
  "heartbeat-rhythm": heartbeatRhythm,
  "work-offered": workOffered,
  "offers-answered": offersAnswered,
  "work-undisturbed": workUndisturbed,
  "ends-told": endsTold,
  "exits-told": exitsTold,
  "queue-order": queueOrder,
  "starts-counted": startsCounted,
  "deaths-blamed": deathsBlamed,
  "slots-told": slotsTold,
  "grants-expire": grantsExpire,
  "holder-alone": holderAlone,
  "unstartable-declined": unstartableDeclined,
  "unstartable-spared": unstartableSpared,
  "work-state": workState,
  "lease-calls": leaseCalls,
  "agent-calls": agentCalls,
  "shown-as-told": shownAsTold,
  "status-true": statusTrue,
  "broker-heard": brokerHeard,
  "broker-contact": brokerContact,
  "shutdown-handover": shutdownHandover,
  "shutdown-bound": shutdownBound,
  "start-duty": startDuty,
  "stop-duty": stopDuty,
  "command-duty": commandDuty,
  "wake-truth": wakeTruth,
} as const satisfies Record<string, Checker>;

export type CheckerName = keyof typeof checkers;

/** A checker and what it is to be told. */
export interface ScenarioExpectation {
  readonly checker: CheckerName;
  readonly settings?: CheckerSettings;
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
  const checker: Checker = checkers[expectation.checker];
  const base = { id: expectation.checker, title: checker.title };
  const judgement = judgeHistory(checker, history, expectation.settings ?? {});
  if (judgement.result === "pass" && lostEvidence.length > 0) {
    return { ...base, result: "unknown", detail: `${judgement.detail}; but evidence was lost: ${lostEvidence[0]}` };
  }
  return { ...base, ...judgement };
}

function judgeHistory(checker: Checker, history: readonly HistoryRecord[], settings: CheckerSettings): Judgement {
  try {
    const watch = checker.begin(settings);
    const wanted = new Set(checker.sees);
    for (const record of history) {
      const wrong = wanted.has(record.type) ? watch.see(record) : null;
      if (wrong !== null) return failed(wrong);
    }
    return watch.end();
  } catch (error) {
    return crashed(error);
  }
}

/** How the detail of such a judgement begins. */
export const crashedWord = "the checker itself failed";

/** What can be said for a checker that is broken itself. */
export const crashed = (error: unknown): Judgement => undecided(`${crashedWord}: ${messageOf(error)}`);
