import type { BrokerState } from "../../../broker-sim/core/broker-state.ts";
import type { Effect } from "../../../broker-sim/core/effects.ts";
import type { BrokerResponse } from "../../../broker-sim/core/inputs.ts";
import { assert } from "../../../foundation/assert.ts";
import type { Decided } from "./decided.ts";

/**
 * A drained broker begins nothing, whatever it is asked: no offer, no hint of work, no new agent, none that is started;
 * and nobody hears that it is drained who could be told that it is not. Whoever has a stream hears goodbye.
 */
export function auditDrain(decided: Decided, response: BrokerResponse): void {
  const { state, input, before, effects } = decided;
  if (input.type === "drain") auditGoodbyes(decided as Decided<"drain">);
  const { drained } = state;
  // A hub's command is refused once and for all, by a start of the broker that is over by now.
  if (!response.ok && response.code === "out-of-service" && input.type !== "federated") {
    assert(drained !== null, "only who is drained says that it is");
    if (input.type === "enrol") assert(before === null, "only a stranger is turned away");
  }
  if (drained === null) return;
  for (const effect of effects) assert(!begins(effect), "a drained broker begins nothing");
  const isNew = input.type === "enrol" && before === null;
  if (isNew || input.type === "spawn") {
    assert(!response.ok && response.code === "out-of-service", "a drained broker takes nobody new, and says so");
  }
  if (isNew) assert(!state.agents.has(input.caller.agentId), "whoever is turned away is not known");
  if (input.type === "connected" && response.ok) {
    assert(goodbyesTo(input.caller.agentId, decided) === 1, "who comes to a drained broker hears goodbye");
  }
}

function auditGoodbyes(decided: Decided<"drain">): void {
  const { state, input, effects } = decided;
  assert(state.drained === input.reason, "a broker that is drained knows why");
  const isTold = effects.some((effect) => isRecordOf(effect, "broker.drained"));
  assert(isTold, "a drain is told");
  assert(state.hungry.oldest === null, "nobody waits for the work of a drained broker");
  for (const { agentId, isConnected } of state.agents.values()) {
    const heard = goodbyesTo(agentId, decided);
    assert(heard === (isConnected ? 1 : 0), "whoever has a stream hears goodbye, and nobody else");
  }
}

function goodbyesTo(agentId: string, { state, effects }: { state: BrokerState; effects: readonly Effect[] }): number {
  return effects.filter(
    (effect) =>
      effect.kind === "push" &&
      effect.agentId === agentId &&
      effect.event.event === "goodbye" &&
      effect.event.data.reason === state.drained,
  ).length;
}

function begins(effect: Effect): boolean {
  if (effect.kind === "push") return effect.event.event === "work_available";
  if (effect.kind === "spawn-process" || isRecordOf(effect, "broker.offered")) return true;
  return effect.kind === "history" && effect.entry.type === "broker.enrolled" && !effect.entry.data.again;
}

function isRecordOf(effect: Effect, type: "broker.drained" | "broker.offered"): boolean {
  return effect.kind === "history" && effect.entry.type === type;
}
