import { backoff } from "./leases/backoff.ts";
import { messageOf } from "../../foundation/errors.ts";
import type { HistoryRecord, HistoryType } from "../../protocol/history.ts";
import type { Expectation } from "../../protocol/verdict.ts";
import { type Checker, failed, type Judgement, undecided } from "./checker.ts";
import { settingProblems } from "./setting-problems.ts";
import type { CheckerSettings, SettingsFor } from "./setting.ts";
import { activityPauses } from "./pause/activity-pauses.ts";
import { checkpointProgress } from "./checkpoints/checkpoint-progress.ts";
import { completionOnce } from "./jobs/completion-once.ts";
import { commandsOnce } from "./contact/commands-once.ts";
import { drainedRests } from "./contact/drained-rests.ts";
import { executions } from "./states/executions.ts";
import { faultEffects } from "./fault-effects.ts";
import { forgeriesRefused } from "./contact/forgeries-refused.ts";
import { remoteControl } from "./contact/remote-control.ts";
import { endedInLease } from "./leases/ended-in-lease.ts";
import { fencing } from "./leases/fencing.ts";
import { freezeBound } from "./pause/freeze-bound.ts";
import { freezeLatency } from "./pause/freeze-latency.ts";
import { jobsSettled } from "./jobs/jobs-settled.ts";
import { killswitch } from "./states/killswitch.ts";
import { keyRevoked } from "./leaving/key-revoked.ts";
import { latestInstance } from "./contact/latest-instance.ts";
import { leaseExclusivity } from "./leases/lease-exclusivity.ts";
import { ledgerConservation } from "./leaving/ledger-conservation.ts";
import { killsSurvived } from "./leaving/kills-survived.ts";
import { withdrawnFrom } from "./leaving/withdrawn-from.ts";
import { resumedElsewhere } from "./checkpoints/resumed-elsewhere.ts";
import { shutdownRaced } from "./leaving/shutdown-raced.ts";
import { staleFenced } from "./leases/stale-fenced.ts";
import { epochsGrow } from "./leases/epochs-grow.ts";
import { deferredTold } from "./leaving/deferred-told.ts";
import { lostNoticed } from "./contact/lost-noticed.ts";
import { noIntake } from "./pause/no-intake.ts";
import { noLostJob } from "./jobs/no-lost-job.ts";
import { pauseSilence } from "./pause/pause-silence.ts";
import { progressKept } from "./checkpoints/progress-kept.ts";
import { ownerHolds } from "./pause/owner-holds.ts";
import { ownerGranted } from "./answers/owner-granted.ts";
import { signalsHeeded } from "./leaving/signals-heeded.ts";
import { requestsAnswered } from "./answers/requests-answered.ts";
import { returnedAtOnce } from "./jobs/returned-at-once.ts";
import { resultsCorrect } from "./jobs/results-correct.ts";
import { resumeThaws } from "./pause/resume-thaws.ts";
import { shutdownOnce } from "./leaving/shutdown-once.ts";
import { shutdownEnds } from "./leaving/shutdown-ends.ts";
import { cooperationHeeded } from "./checkpoints/cooperation-heeded.ts";
import { cooperationTrue } from "./checkpoints/cooperation-true.ts";
import { transitions } from "./states/transitions.ts";
import { leaseOverrun } from "./leases/lease-overrun.ts";
import { workKept } from "./jobs/work-kept.ts";
import { wordKept } from "./pause/word-kept.ts";
import { commandOnce } from "./contact/command-once.ts";
import { revokedFirst } from "./leaving/revoked-first.ts";
import { pauseTold } from "./pause/pause-told.ts";
import { freezesEnd } from "./pause/freezes-end.ts";
import { checkpointsMade } from "./checkpoints/checkpoints-made.ts";
import { checkpointsTold } from "./checkpoints/checkpoints-told.ts";
import { checkpointsThere } from "./checkpoints/checkpoints-there.ts";
import { deathsBlamed } from "./jobs/deaths-blamed.ts";
import { pauseHeard } from "./pause/pause-heard.ts";
import { heldStarts } from "./pause/held-starts.ts";
import { stateOfWork } from "./states/state-of-work.ts";
import { heartbeatRhythm } from "./contact/heartbeat-rhythm.ts";
import { workOffered } from "./leases/work-offered.ts";
import { offersAnswered } from "./leases/offers-answered.ts";
import { workUndisturbed } from "./jobs/work-undisturbed.ts";
import { endsTold } from "./jobs/ends-told.ts";
import { exitsTold } from "./jobs/exits-told.ts";
import { queueOrder } from "./leases/queue-order.ts";
import { startsCounted } from "./jobs/starts-counted.ts";
import { slotsTold } from "./leases/slots-told.ts";
import { leaseCalls } from "./leases/lease-calls.ts";
import { agentCalls } from "./contact/agent-calls.ts";
import { unstartableDeclined } from "./leases/unstartable-declined.ts";
import { unstartableSpared } from "./leases/unstartable-spared.ts";
import { workState } from "./states/work-state.ts";
import { holderAlone } from "./leases/holder-alone.ts";
import { grantedOnce } from "./leases/granted-once.ts";
import { grantsExpire } from "./leases/grants-expire.ts";
import { brokerHeard } from "./contact/broker-heard.ts";
import { shownAsTold } from "./answers/shown-as-told.ts";
import { statusTrue } from "./answers/status-true.ts";
import { brokerContact } from "./contact/broker-contact.ts";
import { commandDuty } from "./contact/command-duty.ts";
import { shutdownBound } from "./leaving/shutdown-bound.ts";
import { shutdownHandover } from "./leaving/shutdown-handover.ts";
import { startDuty } from "./contact/start-duty.ts";
import { stopDuty } from "./jobs/stop-duty.ts";
import { wakeTruth } from "./contact/wake-truth.ts";
import { withdrawComplete } from "./leaving/withdraw-complete.ts";
import { withdrawalBound } from "./leaving/withdrawal-bound.ts";
import { withdrawalHandsBack } from "./leaving/withdrawal-hands-back.ts";
import { withdrawalPace } from "./leaving/withdrawal-pace.ts";
import { withdrawalThorough } from "./leaving/withdrawal-thorough.ts";
import { withdrawalCalls } from "./leaving/withdrawal-calls.ts";
import { withdrawalPersists } from "./leaving/withdrawal-persists.ts";
import { withdrawalReport } from "./leaving/withdrawal-report.ts";
import { withdrawalTold } from "./leaving/withdrawal-told.ts";
import { misbehaviourSeen } from "./jobs/misbehaviour-seen.ts";
import { noneOutlive } from "./jobs/none-outlive.ts";
import { reachContained } from "./jobs/reach-contained.ts";
import { residueFound } from "./jobs/residue-found.ts";
import { graceGiven } from "./leaving/grace-given.ts";
import { heartbeatsWhileBusy } from "./contact/heartbeats-while-busy.ts";
import { pausedInStates } from "./pause/paused-in-states.ts";
import { withdrawalMeasured } from "./leaving/withdrawal-measured.ts";

export const checkers = {
  "lease-exclusivity": leaseExclusivity,
  fencing,
  "fault-effects": faultEffects,
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
  "drained-rests": drainedRests,
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
  "returned-at-once": returnedAtOnce,
  "deaths-blamed": deathsBlamed,
  backoff,
  "slots-told": slotsTold,
  "granted-once": grantedOnce,
  "grants-expire": grantsExpire,
  "holder-alone": holderAlone,
  "ended-in-lease": endedInLease,
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
  "misbehaviour-seen": misbehaviourSeen,
  "none-outlive": noneOutlive,
  "reach-contained": reachContained,
  "residue-found": residueFound,
  "grace-given": graceGiven,
  "heartbeats-while-busy": heartbeatsWhileBusy,
  "paused-in-states": pausedInStates,
  killswitch,
  "deferred-told": deferredTold,
  "epochs-grow": epochsGrow,
  "stale-fenced": staleFenced,
  "shutdown-raced": shutdownRaced,
  "resumed-elsewhere": resumedElsewhere,
  "withdrawn-from": withdrawnFrom,
  "kills-survived": killsSurvived,
  "remote-control": remoteControl,
  "forgeries-refused": forgeriesRefused,
} as const satisfies Record<string, Checker>;

export type CheckerName = keyof typeof checkers;

/** A checker and what it is to be told, as it is stored: what of that it takes is seen when it judges. */
export interface NamedExpectation {
  readonly checker: CheckerName;
  readonly settings?: CheckerSettings;
}

/** The settings of one checker: none at all, some that may be left out, or some that it needs. */
type TellingOf<Settings> = [keyof Settings] extends [never]
  ? { readonly settings?: Readonly<Record<string, never>> }
  : object extends Settings
    ? { readonly settings?: Settings }
    : { readonly settings: Settings };

/** A checker and what it is to be told, of what it takes. */
export type ScenarioExpectation = {
  [Name in CheckerName]: { readonly checker: Name } & TellingOf<SettingsFor<(typeof checkers)[Name]["settings"]>>;
}[CheckerName];

/**
 * Judges a history by one expectation. A checker that crashes gives unknown, never pass, and so does one that is told
 * what it does not know: what was meant would go unchecked.
 *
 * @param lostEvidence lines of the history that could not be read: a pass on half the evidence is none
 */
export function judgeExpectation(
  history: readonly HistoryRecord[],
  expectation: NamedExpectation,
  lostEvidence: readonly string[],
): Expectation {
  const checker: Checker = checkers[expectation.checker];
  const base = { id: expectation.checker, title: checker.title };
  const { settings = {} } = expectation;
  const [wrong] = settingProblems({ checker: expectation.checker, table: checker.settings }, settings);
  if (wrong !== undefined) return { ...base, ...undecided(`${wrong.message} (\`scenarios checkers\` lists them)`) };
  const judgement = judgeHistory(checker, history, settings);
  if (judgement.result === "pass" && lostEvidence.length > 0) {
    return { ...base, result: "unknown", detail: `${judgement.detail}; but evidence was lost: ${lostEvidence[0]}` };
  }
  return { ...base, ...judgement };
}

/**
 * Judges a history by what its scenario expects, and by what every scenario does: that the faults which its steps ordered
 * had an effect.
 */
export function judgeExpectations(
  history: readonly HistoryRecord[],
  expectations: readonly NamedExpectation[],
  lostEvidence: readonly string[],
): Expectation[] {
  const faulted = history.some(({ type, data }) => isOfFault(type) && "faultId" in data && data.faultId !== undefined);
  const named = expectations.some(({ checker }) => checker === "fault-effects");
  const all = faulted && !named ? [...expectations, { checker: "fault-effects" } as const] : expectations;
  return all.map((one) => judgeExpectation(history, one, lostEvidence));
}

const isOfFault = (type: HistoryType): boolean => type === "fault.applied" || type === "fault.effect";

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
