import type { Effect } from "../../../broker-sim/core/effects.ts";
import { assert, present } from "../../../foundation/assert.ts";
import type { Decided } from "./decided.ts";

type HistoryEffect = Extract<Effect, { kind: "history" }>;
type Release = HistoryEffect & { entry: Extract<HistoryEffect["entry"], { type: "broker.released" }> };

export function isRelease(effect: Effect): effect is Release {
  return effect.kind === "history" && effect.entry.type === "broker.released";
}

/** How several jobs of one agent go back at once, without their time being over; offers before leases. */
const togetherBy = ["declined", "revoked", "agent-lost", "handed-back"] as const;
type Together = (typeof togetherBy)[number];

/**
 * Jobs that go back together keep their order among themselves: that in which their agent was offered them, or names
 * them; and only those of an agent that is lost, or calls itself, are lost with it.
 */
export function auditReleases({ state, input, before, effects }: Decided): void {
  const caller = "caller" in input ? input.caller.agentId : null;
  let orders: Map<Together, Map<string, number>> | null = null;
  for (const effect of effects) {
    if (!isRelease(effect)) continue;
    const { jobId, leaseId, agentId, how } = effect.entry.data;
    const agent = present(state.agents.get(agentId), "who held a lease is known");
    assert(agent.slotsFree <= agent.slots, "nobody has more free slots than slots");
    const isHere = agent.standing === "active";
    if (how === "agent-lost") assert(!isHere || agentId === caller, "who is not lost keeps its leases");
    const job = state.jobs.get(jobId);
    if (agentId !== caller || job?.state !== "queued") continue;
    const together = togetherBy.find((one) => one === how);
    if (together === undefined) continue;
    orders ??= new Map();
    const those: Map<string, number> = orders.get(together) ?? new Map();
    orders.set(together, those.set(leaseId, job.queueOrder));
  }
  // Of an agent that was lost for long each lease ends in its own time.
  if (orders === null || before?.standing !== "active" || effects.some(isLoss)) return;
  const isLast = input.type === "shutdown" || input.type === "withdraw";
  const named = isLast ? input.message.handedBack.map(({ leaseId }) => leaseId) : before.held;
  for (const [how, those] of orders) assertInOrder(how === "handed-back" ? named : before.held, those);
}

function isLoss(effect: Effect): boolean {
  return effect.kind === "history" && effect.entry.type === "broker.agent" && effect.entry.data.standing === "lost";
}

/** @param orders by lease, the place in the queue */
function assertInOrder(leases: readonly string[], orders: ReadonlyMap<string, number>): void {
  if (orders.size < 2) return;
  let last = -Infinity;
  for (const leaseId of leases) {
    const order = orders.get(leaseId);
    if (order === undefined) continue;
    assert(order > last, "jobs that go back together keep their order");
    last = order;
  }
}
