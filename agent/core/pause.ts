import { assert, present } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import type { PauseResult } from "../../protocol/control.ts";
import { continueAcknowledgement } from "./acknowledgement.ts";
import { freeze, snapshotsSettled } from "./freeze.ts";
import { wake } from "./heartbeat-send.ts";
import { agentLimits } from "./limits.ts";
import { refuse } from "./refusal.ts";
import type { Pause, PauseBy } from "./state.ts";
import type { Turn } from "./turn.ts";

export interface PauseWish {
  readonly by: PauseBy;
  readonly reason: string;
  /** The control request to answer, or null. */
  readonly requestId: string | null;
  /** When the host knew of the trigger, where that is not just now. */
  readonly triggeredAtMs?: number;
}

/** By whom a pause is, whoever else wants it too: the first that is named here. */
const ranks: readonly PauseBy[] = ["owner", "broker", "activity"];

/** Stops intake and freezes everything, in this very turn; Paused follows when the snapshots are settled (WC-2). */
export function askPause(turn: Turn, wish: PauseWish): void {
  const { core } = turn;
  const transition = turn.decision("pauseAsked");
  if (!transition.accepted) {
    refuse(turn, { event: "pauseAsked", transition, requestId: wish.requestId });
    return;
  }
  const begins = core.pause === null;
  const enrolling = core.agent === "Enrolling";
  if (enrolling) sometimes("a pause was asked for while the agent enrolled");
  if (core.freeze?.purpose === "periodic") sometimes("a pause took a periodic freeze over");
  if (core.cooperation !== null) sometimes("a pause came while jobs put their files in order");
  const triggeredAtMs = wish.triggeredAtMs ?? turn.nowMs;
  if (core.shutdown === null && !enrolling) freeze(turn, { purpose: "pause", trigger: wish.reason, triggeredAtMs });
  else if (core.cooperation !== null) freeze(turn, core.cooperation);
  const pause = (core.pause ??= newPause(turn, wish));
  if (begins || ranks.indexOf(wish.by) < ranks.indexOf(pause.by)) {
    if (!begins && pause.by === "broker") sometimes("the owner joined a pause of the broker's");
    if (!begins && pause.by === "activity") sometimes("somebody joined a pause that activity had begun");
    pauseBy(turn, pause, wish);
  }
  if (core.shutdown !== null) {
    turn.answer(wish.requestId, {
      ok: false,
      code: "shutting-down",
      message: "The agent is shutting down; the pause is remembered for its next start.",
      next: "Start it again with `donor-agent join`; it comes back paused.",
    });
  } else if (enrolling) {
    turn.answer(wish.requestId, { ok: true, pause: noSandboxes });
  } else if (pause.result !== null) {
    turn.answer(wish.requestId, { ok: true, pause: pause.result });
  } else {
    if (wish.requestId !== null) pause.waiting.push(wish.requestId);
    if (begins) turn.setTimer("snapshot", { delayMs: agentLimits.snapshotGiveUpMs });
  }
}

/** Enters Paused once every snapshot is saved or given up, and tells whoever waits for it. */
export function continuePause(turn: Turn): void {
  const { core } = turn;
  const pause = present(core.pause, "only a pause goes on");
  if (pause.result !== null || core.freeze?.purpose !== "pause" || !snapshotsSettled(turn)) return;
  const moved = turn.move("paused", pause.reason);
  assert(moved, "who froze for a pause may be Paused");
  pause.result = pauseResult(turn, pause);
  for (const requestId of pause.waiting) turn.answer(requestId, { ok: true, pause: pause.result });
  pause.waiting = [];
  wake(turn, "paused");
  turn.emit({ kind: "ready" });
  continueAcknowledgement(turn);
}

/** From now on it is a pause of that one's, for the next instance too. */
export function pauseBy(turn: Turn, pause: Pause, { by, reason }: Pick<Pause, "by" | "reason">): void {
  pause.by = by;
  pause.reason = reason;
  if (turn.core.agent === "Paused") turn.core.reason = reason;
  turn.remember({ key: "pause", value: { by, reason } });
}

const noSandboxes: PauseResult = {
  ...{ freezeMs: 0, frozenSandboxes: 0, checkpoints: 0, snapshotMs: 0 },
  remembered: true,
};

function pauseResult({ core, nowMs }: Turn, pause: Pause): PauseResult {
  const { generation, freezeMs, sandboxes } = present(core.freeze, "a pause in force holds a freeze");
  assert(freezeMs !== null, "what is settled was seen to stand still");
  const checkpoints = core.leaseList.filter((lease) => lease.checkpoint?.generation === generation).length;
  const notSaved = core.leaseList
    .filter(({ failedGeneration }) => failedGeneration === generation)
    .map(({ jobId, snapshotFailure }) => ({ jobId, reason: snapshotFailure }));
  return {
    ...{ freezeMs, frozenSandboxes: sandboxes, checkpoints, snapshotMs: nowMs - pause.triggeredAtMs },
    ...(notSaved.length === 0 ? {} : { notSaved }),
  };
}

/** A pause that is asked for, or was by an earlier instance, and has not come about. */
export function newPause(
  { nowMs }: Turn,
  { by, reason, triggeredAtMs = nowMs }: Pick<PauseWish, "by" | "reason" | "triggeredAtMs">,
): Pause {
  return {
    by,
    reason,
    triggeredAtMs,
    result: null,
    waiting: [],
    acknowledgement: "waiting",
    acknowledgeAttempts: 0,
  };
}
