import { sometimes } from "../../foundation/sometimes.ts";
import type { CooperativeCheckpoint } from "../../protocol/cooperative-checkpoint.ts";
import { recordCooperation } from "./cooperation-end.ts";
import { freeze } from "./freeze.ts";
import type { AgentInput } from "./input.ts";
import type { Cooperation, HeldLease } from "./state.ts";
import type { Turn } from "./turn.ts";

/**
 * Asks the jobs that want it to put their files in order before a freeze, which follows as soon as each has, or its
 * time is over (docs/adr/0011). Only a freeze whose moment is the agent's own to choose waits so; one that the owner or
 * the operator asks for comes at once, and ends this. Who was asked before and has not answered is not asked again, and
 * waited for as long as it may be now.
 *
 * @returns false when there is nobody to ask, and the freeze is to come now
 */
export function cooperate(
  turn: Turn,
  wish: Pick<Cooperation, "purpose" | "trigger"> & { readonly waitMsMax: number },
): boolean {
  const { core } = turn;
  core.cooperation = core.cooperation === null ? asking(turn, wish) : takenOver(turn, core.cooperation, wish);
  if (core.cooperation === null) return false;
  wakeAtEnd(turn, core.cooperation);
  return true;
}

function asking(turn: Turn, { purpose, trigger, waitMsMax }: Parameters<typeof cooperate>[1]): Cooperation | null {
  const { core, nowMs } = turn;
  const asked = turn.leases().filter((lease) => lease.stage === "running" && cooperativeOf(lease) !== undefined);
  if (asked.length === 0) return null;
  const generation = core.freezeGeneration + 1;
  const waiting = asked.flatMap((lease) => {
    const cooperative = cooperativeOf(lease);
    if (cooperative === undefined) return [];
    turn.emit({ kind: "askCooperation", leaseId: lease.leaseId, generation, cooperative });
    recordCooperation(turn, lease, { trigger, stage: "asked", waitedMs: 0 });
    return [{ leaseId: lease.leaseId, endsAtMs: nowMs + Math.min(cooperative.waitMs, waitMsMax) }];
  });
  return { generation, purpose, trigger, askedAtMs: nowMs, waiting };
}

function takenOver(
  { core }: Turn,
  { generation, askedAtMs, waiting }: Cooperation,
  { purpose, trigger, waitMsMax }: Parameters<typeof cooperate>[1],
): Cooperation {
  const endOf = ({ leaseId, endsAtMs }: Cooperation["waiting"][number]): number =>
    Math.max(endsAtMs, askedAtMs + Math.min(cooperativeOf(core.leases[leaseId])?.waitMs ?? 0, waitMsMax));
  const longer = waiting.map((one) => ({ leaseId: one.leaseId, endsAtMs: endOf(one) }));
  return { generation, purpose, trigger, askedAtMs, waiting: longer };
}

export function onCooperated(
  turn: Turn,
  { leaseId, generation, answer }: Extract<AgentInput, { type: "cooperated" }>,
): void {
  const { core, nowMs } = turn;
  const { cooperation } = core;
  const lease = core.leases[leaseId];
  if (cooperation === null || cooperation.generation !== generation || lease?.stage !== "running") return;
  if (!cooperation.waiting.some((one) => one.leaseId === leaseId)) return;
  cooperation.waiting = cooperation.waiting.filter((one) => one.leaseId !== leaseId);
  if (answer === "ready") lease.readyGeneration = generation;
  else sometimes("a job could not hear that it was to put its files in order");
  const { trigger, askedAtMs } = cooperation;
  recordCooperation(turn, lease, { trigger, stage: answer, waitedMs: nowMs - askedAtMs });
  wakeAtEnd(turn, cooperation);
}

/** Freezes once nobody is waited for any more: each is ready, cannot hear, has ended, or had its time. */
export function continueCooperation(turn: Turn): void {
  const { core, nowMs } = turn;
  const { cooperation } = core;
  if (cooperation === null) return;
  const running = turn.leases().filter((lease) => lease.stage === "running");
  const isAwaited = ({ leaseId, endsAtMs }: Cooperation["waiting"][number]): boolean =>
    endsAtMs > nowMs && running.some((lease) => lease.leaseId === leaseId);
  if (cooperation.waiting.some(isAwaited)) return;
  freeze(turn, cooperation);
}

function cooperativeOf(lease: HeldLease | undefined): CooperativeCheckpoint | undefined {
  return lease?.job?.checkpoint?.cooperative;
}

/** Whoever is waited for the longest; one whose time is over may still be ready while another is waited for. */
function wakeAtEnd(turn: Turn, { waiting }: Cooperation): void {
  const endsAtMs = Math.max(turn.nowMs, ...waiting.map((one) => one.endsAtMs));
  turn.setTimer("cooperation", { delayMs: endsAtMs - turn.nowMs });
}
