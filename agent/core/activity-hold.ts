import { sometimes } from "../../foundation/sometimes.ts";
import { pauseBy } from "./pause.ts";
import type { Activity, Pause } from "./state.ts";
import type { Turn } from "./turn.ts";

/** It goes on from now for as long as it takes to be quiet again. */
export function noteActivity(turn: Turn, { what, ignored }: Pick<Activity, "what" | "ignored">): void {
  const { core, nowMs } = turn;
  core.activity = { what, ignored, quietAtMs: nowMs + core.quietMs };
  turn.setTimer("quiet", { delayMs: core.quietMs });
}

/**
 * The broker resumes while the owner is active: the pause goes on, by that.
 *
 * @returns whether it does
 */
export function holdByActivity(turn: Turn, pause: Pause): boolean {
  const { activity } = turn.core;
  if (activity === null || activity.ignored || !isGoingOn(turn)) return false;
  sometimes("the broker was not let to resume while the owner was active");
  if (pause.by !== "activity") pauseBy(turn, pause, { by: "activity", reason: reasonOf(activity.what) });
  return true;
}

/** Whether it has not been quiet for long enough; who stood still meanwhile may hear its timer later than all else. */
export function isGoingOn({ core: { activity }, nowMs }: Turn): boolean {
  return activity !== null && nowMs < activity.quietAtMs;
}

/** The owner wants the jobs to go on all the same: until it has been quiet, nothing of it counts; in the next instance too. */
export function ignoreActivity(turn: Turn): void {
  const { activity } = turn.core;
  if (activity === null || activity.ignored) return;
  activity.ignored = true;
  turn.remember({ key: "activity", value: { ignored: true } });
}

/** Why the agent is paused, in words for its owner and the broker. */
export function reasonOf(what: string): string {
  return `owner activity, ${what}`.slice(0, 500);
}
