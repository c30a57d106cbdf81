import type { WithdrawalStep } from "../../protocol/withdrawal-report.ts";
import { withdrawalShares } from "./limits.ts";
import type { HeldLease, Withdrawal, WithdrawalRecord } from "./state.ts";
import type { Turn } from "./turn.ts";
import { rememberWithdrawal } from "./withdrawal-note.ts";

export type StepResult = Pick<WithdrawalStep, "outcome" | "measured">;
type StepName = WithdrawalRecord["current"];

const shareOf: Partial<Record<StepName, number>> = {
  checkpoint: withdrawalShares.checkpoint,
  terminate: withdrawalShares.terminate,
  "hand-back": withdrawalShares.upload,
  "revoke-key": withdrawalShares.answer,
};

/** Journals the result of the current step together with the name of the next one, which begins only then. */
export function advance(turn: Turn, withdrawal: Withdrawal, result: StepResult, next: StepName): void {
  addResult(turn, withdrawal, result);
  goOn(turn, withdrawal, next);
}

/** Begins the next step; the results that there are stand. */
export function goOn(turn: Turn, withdrawal: Withdrawal, next: StepName): void {
  const { record } = withdrawal;
  record.current = next;
  withdrawal.stepBegunAtMs = turn.nowMs;
  withdrawal.asked = false;
  withdrawal.retryAtMs = 0;
  rememberWithdrawal(turn, record);
  wakeForStep(turn, withdrawal);
}

/** Looks at the procedure again when the share of the current step is over, as the deadline is now. */
export function wakeForStep(turn: Turn, withdrawal: Withdrawal): void {
  wakeAt(turn, withdrawal, shareOf[withdrawal.record.current] ?? 1);
}

/** Whether an attempt came to the end of that step. */
export function hasResult({ record }: Withdrawal, name: StepName): boolean {
  return record.steps.some(({ step }) => step === name);
}

/** Notes what the current step came to; a repeated step replaces what an earlier attempt had to say. */
export function addResult(turn: Turn, withdrawal: Withdrawal, { outcome, measured }: StepResult): void {
  const { record, stepBegunAtMs } = withdrawal;
  const durationMs = Math.max(0, turn.nowMs - stepBegunAtMs);
  const others = record.steps.filter(({ step }) => step !== record.current);
  record.steps = [...others, { step: record.current, outcome, durationMs, measured }];
}

/** Asks for the current step's effect, once until it is answered. */
export function askOnce(withdrawal: Withdrawal, ask: () => void): void {
  if (withdrawal.asked) return;
  withdrawal.asked = true;
  ask();
}

/** Looks at the procedure again when that share of the deadline is over, or a retry is due before. */
export function wakeAt(turn: Turn, withdrawal: Withdrawal, share: number): void {
  const { retryAtMs } = withdrawal;
  // A retry that is due is taken in this very turn, or waits for something else.
  const retryMs = retryAtMs > turn.nowMs ? retryAtMs - turn.nowMs : Number.POSITIVE_INFINITY;
  turn.setTimer("withdraw", { delayMs: Math.min(retryMs, timeLeftMs(turn, withdrawal, share)) });
}

export function isOver(turn: Turn, withdrawal: Withdrawal, share: number): boolean {
  return timeLeftMs(turn, withdrawal, share) <= 0;
}

/** Milliseconds until that share of the deadline is over; negative afterwards. */
export function timeLeftMs({ nowMs }: Turn, { sharedFromMs, endsAtMs }: Withdrawal, share: number): number {
  return sharedFromMs + (endsAtMs - sharedFromMs) * share - nowMs;
}

/** How many things of the host were seen to be left. */
export function leftOnHost({ processesLeft, autostartLeft, directoriesLeft, socketsLeft }: WithdrawalRecord): number {
  return processesLeft.length + autostartLeft.length + directoriesLeft.length + socketsLeft.length;
}

/**
 * The leases that the one message to the broker gives back: all that it counts as this agent's, so that none goes back
 * by the revocation alone, without its newest checkpoint.
 */
export function leasesToHandBack(turn: Turn): HeldLease[] {
  return turn
    .leases()
    .filter(
      ({ stage, stop, report }) => stage !== "accepting" && stop?.after !== "forget" && report?.kind !== "complete",
    );
}
