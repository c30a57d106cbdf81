import { assert } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { isGoingOn, noteActivity, reasonOf } from "./activity-hold.ts";
import type { AgentInput } from "./input.ts";
import { isLeaving } from "./lease-facts.ts";
import { askPause } from "./pause.ts";
import { askResume } from "./resume.ts";
import type { Turn } from "./turn.ts";

/**
 * The owner needs the machine: everything stops at once, and goes on by itself once nothing was noticed for `quietMs`
 * (docs/cases.md, cases 36 and 37). Whatever somebody says outranks it: the owner's or the broker's pause outlasts the
 * quiet, and after the owner's resume nothing counts until it has been quiet. A broker that resumes is not let to.
 */
export function onActivity(turn: Turn, { what, noticedAtMs }: Extract<AgentInput, { type: "activity" }>): void {
  const { core, nowMs } = turn;
  if (isLeaving(core)) return;
  const wasIgnored = core.activity?.ignored ?? false;
  const ignored = wasIgnored && isGoingOn(turn);
  if (ignored) sometimes("activity was ignored after the owner's resume");
  else if (core.pause === null) {
    askPause(turn, {
      ...{ by: "activity", requestId: null, reason: reasonOf(what) },
      triggeredAtMs: Math.min(noticedAtMs, nowMs),
    });
  } else if (core.pause.by !== "activity") sometimes("the owner was active while somebody had paused the host");
  if (wasIgnored && !ignored) turn.remember({ key: "activity", value: null });
  noteActivity(turn, { what, ignored });
}

/** Nothing was noticed for so long: it is over. */
export function onQuietTimer(turn: Turn): void {
  const { activity, pause, quietMs } = turn.core;
  assert(activity !== null, "what is over went on");
  turn.core.activity = null;
  if (activity.ignored) turn.remember({ key: "activity", value: null });
  if (pause === null) return;
  if (pause.by !== "activity") {
    sometimes("a pause that somebody asked for outlasted the quiet");
    return;
  }
  askResume(turn, { by: "activity", reason: `quiet for ${quietMs / 1_000} s`, requestId: null });
}
