import { assert } from "../../foundation/assert.ts";
import type { LeaseStatus } from "../../protocol/messages.ts";
import { isLeaving, leaseStatus, slotsFree } from "./lease-facts.ts";
import type { HeldLease } from "./state.ts";
import type { Turn } from "./turn.ts";

/**
 * Signals the broker now. While a heartbeat is under way the next one waits for its answer, and however many causes
 * come up meanwhile make one heartbeat (EG-6: the first of them is the truth about why).
 */
export function wake(turn: Turn, cause: string): void {
  const { heartbeat, agent } = turn.core;
  assert(agent !== "Enrolling", "who is not enrolled yet has nothing that would wake it");
  // Slots that get free on the way out are nobody's business any more.
  if (isLeaving(turn.core) && cause !== "timer") return;
  if (heartbeat.inFlight) {
    heartbeat.again ??= cause;
    // The timer may have been used up, and nothing else would wake an agent whose heartbeat then fails.
    setHeartbeatTimer(turn);
    return;
  }
  sendHeartbeat(turn, cause);
}

export function sendHeartbeat(turn: Turn, cause: string): void {
  const { core } = turn;
  core.heartbeat.inFlight = true;
  core.heartbeat.again = null;
  turn.record("agent.woke", { cause });
  const leases: LeaseStatus[] = [];
  for (const lease of turn.leases()) if (isNamed(lease)) leases.push(leaseStatus(core, lease));
  setHeartbeatTimer(turn);
  turn.emit({
    kind: "heartbeat",
    request: { state: core.agent, slots: core.slots, slotsFree: slotsFree(core), leases },
  });
}

/**
 * Whether the broker is to renew it: it has granted it, and was not told its end. A job whose processes cannot be
 * killed is nobody's to go on with here: unless its end is still to be told, its lease runs out, and the job is leased
 * again elsewhere (docs/cases.md, case 52).
 */
function isNamed({ stage, report }: HeldLease): boolean {
  return stage !== "accepting" && (stage !== "broken" || report !== null);
}

function setHeartbeatTimer(turn: Turn): void {
  const { heartbeatIntervalMs, heartbeatJitterRatio } = turn.core.timing;
  turn.setTimer("heartbeat", { delayMs: heartbeatIntervalMs, jitterRatio: heartbeatJitterRatio });
}
