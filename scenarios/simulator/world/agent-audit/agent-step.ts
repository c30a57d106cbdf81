import type { AgentEffect } from "../../../../agent/core/effect.ts";
import type { AgentInput } from "../../../../agent/core/input.ts";
import type { AgentCore, HeldLease } from "../../../../agent/core/state.ts";

/** One decision of the agent: what was, what it saw, what it made of it. */
export interface AgentStep {
  /** A copy; its leases stand in `leaseList` alone. */
  readonly before: AgentCore;
  readonly input: AgentInput;
  readonly after: AgentCore;
  readonly effects: readonly AgentEffect[];
  /** By the agent's own clock, in milliseconds. */
  readonly nowMs: number;
}

export type EffectOf<K extends AgentEffect["kind"]> = Extract<AgentEffect, { kind: K }>;

const none: readonly never[] = [];

/** The effects of one kind, in their order. Asked for dozens of times at each step, and nearly always there are none. */
export function effectsOf<K extends AgentEffect["kind"]>({ effects }: AgentStep, kind: K): readonly EffectOf<K>[] {
  let found: EffectOf<K>[] | null = null;
  for (const effect of effects) if (effect.kind === kind) (found ??= []).push(effect as EffectOf<K>);
  return found ?? none;
}

/** A lease as it was before, or null for one that was not there. */
export function leaseBefore({ before }: AgentStep, leaseId: string): HeldLease | null {
  return before.leaseList.find((lease) => lease.leaseId === leaseId) ?? null;
}
