import { assert, present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { Lease } from "../../protocol/messages.ts";
import type * as z from "zod";
import type { AgentInput } from "./input.ts";
import { addLease, heldLease } from "./held-leases.ts";
import { intakeClosedBecause, isLeaving, leaseNote, slotsFree } from "./lease-facts.ts";
import { grantLease, setLeaseTimer } from "./lease-deadline.ts";
import { partFrom } from "./lease-stop.ts";
import { agentLimits } from "./limits.ts";
import { finishLease, sendReport } from "./report.ts";
import type { HeldLease } from "./state.ts";
import type { Turn } from "./turn.ts";

type Offer = z.infer<typeof Lease>;

/** Takes an offer while there is room, and declines it at once otherwise, so that the job waits for nobody. */
export function considerOffer(turn: Turn, offer: Offer): void {
  const { core } = turn;
  const { leaseId, jobId, epoch } = offer;
  // A repeat of one that is being accepted.
  if (core.leases[leaseId] !== undefined) {
    sometimes("an offer was repeated while it was being accepted");
    return;
  }
  // Its answer to one that is repeated may overtake the one before: a yes would be taken back by the no on its way.
  const declined = core.declinedOffers.find((one) => one.leaseId === leaseId) ?? declineReason(turn, offer);
  if (declined !== null) {
    const { reason, startFailed } = declined;
    const others = core.declinedOffers.filter((one) => one.leaseId !== leaseId);
    core.declinedOffers = [...others, { leaseId, reason, startFailed }].slice(-agentLimits.declinedOffersMax);
    turn.record("agent.offer", { jobId, leaseId, epoch, answer: "declined", reason });
    turn.emit({ kind: "decline", leaseId, epoch, reason, startFailed });
    return;
  }
  addLease(core, newLease(offer));
  turn.record("agent.offer", { jobId, leaseId, epoch, answer: "accepted", reason: "a slot is free" });
  turn.emit({ kind: "accept", leaseId, epoch });
}

export function onAcceptAnswered(
  turn: Turn,
  { leaseId, outcome }: Extract<AgentInput, { type: "acceptAnswered" }>,
): void {
  const { core } = turn;
  const lease = present(core.leases[leaseId], "a lease that waits for an answer is held");
  assert(lease.stage === "accepting", "nothing goes on with a lease before it is granted");
  if (outcome.ok) {
    grantLease(turn, lease, outcome.value.expiresAt);
    beginLease(turn, lease);
    setLeaseTimer(turn);
    return;
  }
  if (!outcome.retriable) {
    sometimes("an acceptance came too late");
    turn.log("info", `The offer of ${lease.jobId} is gone: ${outcome.code}`);
    finishLease(turn, lease);
    return;
  }
  lease.acceptAttempts += 1;
  const leaving = intakeClosedBecause(core) !== null;
  if (lease.acceptAttempts < agentLimits.acceptAttemptsMax && !leaving) {
    sometimes("an acceptance was repeated");
    turn.emit({ kind: "accept", leaseId, epoch: lease.epoch });
    return;
  }
  // The broker may have granted it and the answer was lost: giving it back settles both; docs/cases.md, cases 6 and 14.
  sometimes("an acceptance was given back because nobody answered it");
  giveBackUnstarted(turn, lease, "the acceptance was not answered");
}

function beginLease(turn: Turn, lease: HeldLease): void {
  if (lease.stop !== null) {
    giveBackUnstarted(turn, lease, lease.stop.why);
    return;
  }
  if (intakeClosedBecause(turn.core) !== null) sometimes("an acceptance was answered after intake had closed");
  // Intake may have closed since: it is prepared all the same, held, and never started before intake opens again (I6).
  turn.remember({ key: `lease:${lease.leaseId}`, value: leaseNote(lease) });
  lease.stage = "preparing";
  turn.emit({
    kind: "prepareSandbox",
    leaseId: lease.leaseId,
    checkpoint: lease.checkpoint?.reference ?? null,
  });
}

function giveBackUnstarted(turn: Turn, lease: HeldLease, reason: string): void {
  const { core } = turn;
  if (lease.stop?.after === "forget") {
    finishLease(turn, lease);
    return;
  }
  turn.remember({ key: `lease:${lease.leaseId}`, value: leaseNote(lease) });
  if (isLeaving(core)) {
    partFrom(lease);
  } else {
    lease.stage = "reporting";
    lease.report = { kind: "return", reason };
    sendReport(turn, lease);
  }
}

function declineReason(turn: Turn, { jobId }: Offer): { reason: string; startFailed: boolean } | null {
  const { core } = turn;
  const closed = intakeClosedBecause(core);
  if (closed !== null) {
    sometimes("an offer was declined because intake was closed");
    return { reason: closed, startFailed: false };
  }
  if (slotsFree(core) === 0) return { reason: "every slot is busy", startFailed: false };
  core.unspawnableJobs = core.unspawnableJobs.filter(({ untilMs }) => untilMs > turn.nowMs);
  if (!core.unspawnableJobs.some((job) => job.jobId === jobId)) return null;
  sometimes("an offer was declined because the job could not be started before");
  return { reason: "this job could not be started on this host before", startFailed: true };
}

function newLease({ leaseId, jobId, epoch, job, checkpoint }: Offer): HeldLease {
  return heldLease({
    ...{ leaseId, jobId, epoch, job, stage: "accepting", execution: "spawning", claimed: true },
    checkpoint: checkpoint === undefined ? null : { reference: checkpoint, generation: 0, upload: "done" },
    report: null,
  });
}
