import type { Effect } from "../../../broker-sim/core/effects.ts";
import { assert } from "../../../foundation/assert.ts";
import type { ExecutionView } from "../../../protocol/executions.ts";
import type { Decided } from "./decided.ts";

/** Every step of an execution is written with the decision, and published when it is one of those that are (OR-2, OR-3). */
export function auditExecutions({ input, effects }: Decided): void {
  if (!effects.some(isOfExecution)) return;
  const written = new Set(batchOf(effects).map(({ executionId }) => executionId));
  const told = new Set<string>();
  for (const effect of effects) {
    if (effect.kind === "spawn-process") {
      const isAsked = input.type === "spawn" || (input.type === "federated" && input.command.action.do === "spawn");
      assert(isAsked, "an agent is started when that is asked for");
    }
    if (effect.kind === "publish") {
      assert(effect.event === `agent.${effect.execution.state}`, "what is published is so");
      told.add(effect.execution.executionId);
    }
    if (effect.kind !== "history" || effect.entry.type !== "broker.execution") continue;
    assert(written.has(effect.entry.data.executionId), "a step of an execution is written");
  }
  for (const effect of effects) {
    if (effect.kind !== "history" || effect.entry.type !== "broker.execution") continue;
    const { executionId, to } = effect.entry.data;
    const isPublished = to !== "spawning" && to !== "killing";
    assert(isPublished === told.has(executionId), "a step of an execution is published");
  }
}

/** Most decisions are about no execution. */
function isOfExecution(effect: Effect): boolean {
  if (effect.kind === "history") return effect.entry.type === "broker.execution";
  return effect.kind === "spawn-process" || effect.kind === "publish";
}

/** It is written down before anything is started. */
export function auditSpawn({ state, effects }: Decided<"spawn">, { executionId }: ExecutionView): void {
  assert(state.executions.get(executionId)?.state === "spawning", "what is to be started is known");
  const starts = effects.filter((effect) => effect.kind === "spawn-process");
  assert(starts.length === 1 && starts[0]?.executionId === executionId, "what is asked for is started, once");
}

/** Whoever is told that it ends can count on it. */
export function auditKill({ state, effects }: Decided<"kill">, { executionId }: ExecutionView): void {
  const is = state.executions.get(executionId)?.state;
  if (is === "killed") return;
  assert(is === "killing", "what is to be ended is being ended");
  const isEnded = effects.some((effect) => effect.kind === "kill-process" && effect.executionId === executionId);
  assert(isEnded, "the host is told to end it");
}

function batchOf(effects: readonly Effect[]): readonly { readonly executionId: string }[] {
  return effects.flatMap((effect) => (effect.kind === "persist" ? (effect.batch.executions ?? []) : []));
}

/** Whatever was refused has changed nothing but what is remembered against replays (I10); the time may have, meanwhile. */
export function auditRefusedCommand({ effects }: Decided): void {
  for (const effect of effects) {
    const acts = effect.kind === "spawn-process" || effect.kind === "kill-process" || effect.kind === "publish";
    assert(!acts, "a command that is refused does nothing");
    if (effect.kind !== "history") continue;
    const tells = effect.entry.type === "broker.execution" || effect.entry.type === "broker.command";
    assert(!tells, "a command that is refused is not told to be carried out");
  }
}
