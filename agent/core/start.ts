import { sometimes } from "../../foundation/sometimes.ts";
import { resumeWithdrawal } from "./withdrawal-begin.ts";
import { onWithdrawalStrays } from "./withdrawal-host.ts";
import { copyOfRecord } from "./withdrawal-note.ts";
import { noteActivity } from "./activity-hold.ts";
import { enrol } from "./enrolment-send.ts";
import { addLease, heldLease } from "./held-leases.ts";
import type { AgentInput, Recovered } from "./input.ts";
import { leaseNote } from "./lease-facts.ts";
import { agentLimits } from "./limits.ts";
import { newPause } from "./pause.ts";
import type { HeldLease, RecoveredLease } from "./state.ts";
import type { Turn } from "./turn.ts";

type Of<T extends AgentInput["type"]> = Extract<AgentInput, { type: T }>;

/**
 * An instance comes up. What an earlier one left running is ended before anything else, so that no job both runs here
 * and is run again elsewhere (docs/cases.md, case 49); its leases go back with their last checkpoints once the broker
 * knows us.
 */
export function onStarted(turn: Turn, input: Of<"started">): void {
  const { agentId, hasKey, pid, driver, recovered, mayEnrol } = input;
  const { core } = turn;
  core.bootId = input.bootId;
  core.agentId = agentId;
  core.hasKey = hasKey;
  core.enrolmentSent = recovered.enrolmentSent;
  const resumed = recovered.enrolmentSent || recovered.withdrawal !== null;
  turn.record("agent.started", { instanceId: core.instanceId, agentId, pid, driver, resumed });
  for (const lease of recovered.leases) {
    addLease(core, recoveredLease(lease));
    // What was saved in a freeze of an earlier instance was saved in none of this one's.
    core.freezeGeneration = Math.max(core.freezeGeneration, lease.checkpoint?.generation ?? 0);
  }
  if (recovered.withdrawal !== null) {
    resumeWithdrawal(turn, copyOfRecord(recovered.withdrawal));
    return;
  }
  if (recovered.pause !== null) {
    sometimes("a pause was remembered over a restart");
    core.pause = newPause(turn, recovered.pause);
  }
  recoverActivity(turn, recovered);
  for (const lease of turn.leases()) explainDeath(turn, lease);
  if (!mayEnrol) return;
  if (recovered.strays) {
    turn.emit({
      kind: "endStrays",
      everything: false,
      graceMs: core.timing.terminateGraceMs,
      deadlineMs: core.timing.terminateGraceMs + agentLimits.unkillableAfterMs,
    });
  } else {
    beginAnew(turn);
  }
}

export function onStraysEnded(turn: Turn, input: Of<"straysEnded">): void {
  const { withdrawal } = turn.core;
  if (withdrawal !== null) {
    onWithdrawalStrays(turn, withdrawal, input);
    return;
  }
  if (input.terminated > 0) sometimes("strays of an earlier instance were found");
  if (input.left.length > 0) {
    sometimes("strays of an earlier instance could not be ended");
    const names = input.left.map(({ pid, command }) => `${pid} (${command})`).join(", ");
    turn.log("error", `Left over from an earlier instance and cannot be ended: ${names}`);
  }
  if (turn.core.agent === "Enrolling" && turn.core.shutdown === null) beginAnew(turn);
}

/**
 * A job that ran when its agent died may have brought it down. It did not if it stood still then, or if the whole host
 * went down: that is written down too, so that no later start takes it for the job's doing (docs/cases.md, case 19).
 */
function explainDeath(turn: Turn, lease: HeldLease): void {
  const { core } = turn;
  if (lease.spawnedInBoot === null || lease.report?.kind !== "return") return;
  if (core.pause === null && lease.spawnedInBoot === core.bootId) {
    sometimes("a job ran when its agent died");
    lease.agentDied = true;
    lease.report = { kind: "return", reason: "the agent died while it ran" };
    return;
  }
  lease.spawnedInBoot = null;
  turn.remember({ key: `lease:${lease.leaseId}`, value: leaseNote(lease) });
}

/** Nothing of an earlier instance runs any more: its directories go, but for checkpoints that are still to be given back. */
function beginAnew(turn: Turn): void {
  turn.emit({ kind: "wipeLeftovers", leaseIds: turn.leases().map((lease) => lease.leaseId) });
  enrol(turn);
}

/** What an earlier instance knew of its owner holds until it has been quiet from now on. */
function recoverActivity(turn: Turn, { pause, activityIgnored }: Recovered): void {
  const what = "before the agent was started again";
  if (pause?.by === "activity") {
    sometimes("a pause by activity was remembered over a restart");
    // Killed while the owner resumed: what nobody was told did not happen.
    if (activityIgnored) turn.remember({ key: "activity", value: null });
    noteActivity(turn, { what, ignored: false });
  } else if (activityIgnored) {
    sometimes("it was remembered over a restart that activity is ignored");
    noteActivity(turn, { what, ignored: true });
  }
}

function recoveredLease(recovered: RecoveredLease): HeldLease {
  const { leaseId, jobId, epoch, checkpoint, uploaded, report, spawnedInBoot } = recovered;
  if (report !== null) sometimes("a result outlived the instance that produced it");
  const lease = heldLease({
    ...{ leaseId, jobId, epoch, job: null, stage: "reporting", execution: "killed", claimed: false },
    checkpoint: checkpoint === null ? null : { ...checkpoint, upload: uploaded ? "done" : "waiting" },
    report:
      report === null ? { kind: "return", reason: "the agent was restarted" } : { kind: "complete", body: report },
  });
  lease.spawnedInBoot = spawnedInBoot;
  return lease;
}
