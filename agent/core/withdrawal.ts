import { assert, present, unreachable } from "../../foundation/assert.ts";
import { WithdrawalStep } from "../../protocol/withdrawal-report.ts";
import { giveUpSnapshots, snapshotsSettled } from "./freeze.ts";
import { stopLease } from "./lease-stop.ts";
import { withdrawalShares } from "./limits.ts";
import type { Freeze, Withdrawal } from "./state.ts";
import type { Turn } from "./turn.ts";
import { probeRevocation, tellBroker } from "./withdrawal-broker.ts";
import { clearLedger, endProcesses, wipeDirectories } from "./withdrawal-host.ts";
import { advance, askOnce, isOver, type StepResult } from "./withdrawal-steps.ts";

const stepNames = WithdrawalStep.shape.step.options;

/**
 * The withdrawal, step by step (WC-4, WC-16, L1). The journal names the current step before it begins and holds its
 * result after it ended, so that whoever finds it goes on right there; each step may be done again. No step waits for
 * the broker beyond its share of the deadline, and the key dies at the broker before anything is wiped here.
 */
export function continueWithdrawal(turn: Turn, withdrawal: Withdrawal): void {
  const before = withdrawal.record.current;
  takeStep(turn, withdrawal);
  const { current } = withdrawal.record;
  if (current === before) return;
  assert(stepNames.indexOf(current) > stepNames.indexOf(before), "each step gives way to a later one, so this ends");
  continueWithdrawal(turn, withdrawal);
}

function takeStep(turn: Turn, withdrawal: Withdrawal): void {
  switch (withdrawal.record.current) {
    case "freeze":
      if (freezeOf(turn).freezeMs === null) return;
      advance(turn, withdrawal, frozenResult(turn), "checkpoint");
      return;
    case "checkpoint":
      if (!snapshotsSettled(turn) && !isOver(turn, withdrawal, withdrawalShares.checkpoint)) return;
      giveUpSnapshots(turn, "the withdrawal does not wait any longer");
      advance(turn, withdrawal, checkpointResult(turn), "terminate");
      for (const lease of turn.leases()) stopLease(turn, lease, { why: "the agent withdraws", after: "part" });
      return;
    case "terminate":
      endProcesses(turn, withdrawal);
      return;
    case "hand-back":
      tellBroker(turn, withdrawal);
      return;
    case "revoke-key":
      probeRevocation(turn, withdrawal);
      return;
    case "remove-autostart":
      askOnce(withdrawal, () => turn.emit({ kind: "removeAutostart" }));
      return;
    case "close-sockets":
      askOnce(withdrawal, () => turn.emit({ kind: "closeSockets" }));
      return;
    case "wipe-directories":
      wipeDirectories(turn, withdrawal);
      return;
    case "clear-ledger":
      clearLedger(turn, withdrawal);
      return;
    default:
      unreachable(withdrawal.record.current);
  }
}

function freezeOf({ core }: Turn): Freeze {
  return present(core.freeze, "a withdrawal holds a freeze");
}

function frozenResult(turn: Turn): StepResult {
  const { sandboxes, freezeMs } = freezeOf(turn);
  if (sandboxes === 0) return { outcome: "nothing-to-do", measured: "no sandbox was running" };
  return { outcome: "done", measured: `${sandboxes} sandboxes stopped ${freezeMs?.toFixed(1)} ms after the trigger` };
}

function checkpointResult(turn: Turn): StepResult {
  const { generation } = freezeOf(turn);
  const running = turn.leases().filter((lease) => lease.stage === "running");
  if (running.length === 0) return { outcome: "nothing-to-do", measured: "no sandbox was running" };
  const saved = running.filter((lease) => lease.checkpoint?.generation === generation).length;
  const measured = `${saved} of ${running.length} sandboxes have a checkpoint of this freeze`;
  return { outcome: saved === running.length ? "done" : "failed", measured };
}
