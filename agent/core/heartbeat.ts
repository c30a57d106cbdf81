import { sometimes } from "../../foundation/sometimes.ts";
import type { HeartbeatResponse } from "../../protocol/messages.ts";
import { noteContact, refusalIn } from "./broker-contact.ts";
import { enrolAnew, reenrol } from "./enrolment-send.ts";
import { sendHeartbeat } from "./heartbeat-send.ts";
import type { AgentInput } from "./input.ts";
import { isLeaving } from "./lease-facts.ts";
import { renewLease, setLeaseTimer } from "./lease-deadline.ts";
import { stopLease } from "./lease-stop.ts";
import { considerOffer } from "./offer.ts";
import type { BrokerFailure } from "./outcome.ts";
import { sendReport } from "./report.ts";
import type { Turn } from "./turn.ts";
import { resumeUploads } from "./upload.ts";
import { beginWithdrawal } from "./withdrawal-begin.ts";

/** The broker's answer to a heartbeat: leases renewed, leases lost, and offers (WC-1). */
export function onHeartbeatAnswered(
  turn: Turn,
  { outcome, sentAtMs }: Extract<AgentInput, { type: "heartbeatAnswered" }>,
): void {
  const { heartbeat } = turn.core;
  heartbeat.inFlight = false;
  noteContact(turn, outcome);
  turn.core.brokerRefusal = refusalIn(outcome);
  if (outcome.ok) takeAnswer(turn, { answer: outcome.value, sentAtMs });
  else onRefused(turn, outcome);
  const { again } = turn.core.heartbeat;
  turn.core.heartbeat.again = null;
  // An unreachable broker is not asked again before the timer, whatever came up.
  if (again !== null && outcome.ok && !isLeaving(turn.core)) sendHeartbeat(turn, again);
}

function takeAnswer(turn: Turn, { answer, sentAtMs }: { answer: HeartbeatResponse; sentAtMs: number }): void {
  const { core } = turn;
  core.brokerAheadMs = answer.brokerTimeMs - sentAtMs;
  for (const { leaseId, expiresAt } of answer.renewed) {
    const lease = core.leases[leaseId];
    if (lease === undefined) continue;
    if (!lease.claimed) sometimes("a lease of an earlier instance was claimed");
    lease.claimed = true;
    renewLease(lease, { fromMs: sentAtMs, ttlMs: expiresAt - answer.brokerTimeMs });
    if (lease.stage === "reporting" || lease.stage === "broken") sendReport(turn, lease);
  }
  for (const { leaseId, reason } of answer.lost) {
    const lease = core.leases[leaseId];
    if (lease === undefined) continue;
    sometimes("a heartbeat's answer named a lease as lost");
    stopLease(turn, lease, { why: `the broker says it is lost: ${reason}`, after: "forget" });
  }
  resumeUploads(turn);
  for (const offer of answer.offers) considerOffer(turn, offer);
  setLeaseTimer(turn);
}

function onRefused(turn: Turn, { code, message }: BrokerFailure): void {
  if (isLeaving(turn.core)) return;
  if (code === "unknown-agent") {
    sometimes("the broker had forgotten the agent");
    turn.log("warn", "The broker does not know this agent (any more); enrolling again.");
    enrolAnew(turn);
  } else if (code === "revoked") {
    sometimes("a withdrawal was caused by a revocation");
    beginWithdrawal(turn, { trigger: `the broker revoked the key: ${message}`, requestId: null });
  } else if (code === "fenced") {
    // The broker counts on another instance: one of before, if its store forgot that this one enrolled, or if an old
    // message came late. There is one process to a home, so this instance is the one that is alive.
    turn.log("warn", `The broker heeds another instance: ${message} Enrolling again.`);
    reenrol(turn);
  } else if (code !== "unreachable") {
    turn.log("warn", `The broker refused a heartbeat: ${code}: ${message}`);
  }
}
