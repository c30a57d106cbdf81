import { assert } from "../../foundation/assert.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { holdByActivity, ignoreActivity } from "./activity-hold.ts";
import { wake } from "./heartbeat-send.ts";
import type { PauseWish } from "./pause.ts";
import { schedulePeriodic } from "./periodic-timer.ts";
import { refuse } from "./refusal.ts";
import { spawnHeld } from "./sandbox-life.ts";
import type { Pause } from "./state.ts";
import type { Turn } from "./turn.ts";

/** Lets everything go on where it stopped (WC-3); a pause that has not taken effect yet is called off. */
export function askResume(turn: Turn, { by, reason, requestId }: PauseWish): void {
  const { core, nowMs } = turn;
  const transition = turn.decision("resumeAsked");
  if (!transition.accepted) {
    refuse(turn, { event: "resumeAsked", transition, requestId });
    return;
  }
  const { pause } = core;
  if (pause === null) {
    turn.answer(requestId, { ok: true, resumeMs: 0 });
    return;
  }
  if (by === "broker" && pause.by === "owner") {
    sometimes("the broker was not let to resume what the owner had paused");
    const why = "the owner paused this host, and only the owner resumes it";
    turn.record("agent.refused", { state: core.agent, event: "resumeAsked", reason: why });
    return;
  }
  if (by === "broker" && holdByActivity(turn, pause)) {
    const why = "the owner is active at this host; it goes on by itself once that is over";
    turn.record("agent.refused", { state: core.agent, event: "resumeAsked", reason: why });
    return;
  }
  core.pause = null;
  if (by === "owner") ignoreActivity(turn);
  if (core.shutdown !== null || core.agent === "Enrolling") {
    turn.record("agent.thawed", { trigger: reason, sandboxes: 0 });
    forget(turn, pause);
    turn.answer(requestId, { ok: true, resumeMs: 0 });
    return;
  }
  if (pause.result === null) sometimes("a resume came before the pause had taken effect");
  assert(core.freeze !== null, "whoever is enrolled froze when the pause was asked for");
  core.freeze = null;
  turn.emit({ kind: "thawAll", trigger: reason, triggeredAtMs: nowMs, requestId });
  // Told first: whoever is killed in between comes back paused, and nobody comes back at work from an untold resume.
  turn.move("resumeAsked", reason);
  forget(turn, pause);
  // However far its acknowledgement got: the broker may have heard of it, though its answer was lost.
  if (pause.result !== null) turn.emit({ kind: "notifyResumed", reason });
  spawnHeld(turn);
  schedulePeriodic(turn);
  wake(turn, "resumed");
}

/** The pause's timers find nothing of it when they come. */
function forget(turn: Turn, pause: Pause): void {
  turn.remember({ key: "pause", value: null });
  callOff(turn, pause, "A resume came before the pause had taken effect; it is called off.");
}

/** Answers those who wait for a pause that will not come to be. */
export function callOff(turn: Turn, pause: Pause, message: string): void {
  for (const requestId of pause.waiting) {
    const next = "`donor-agent status` shows the state that the agent is in.";
    turn.answer(requestId, { ok: false, code: "called-off", message, next });
  }
  pause.waiting = [];
}
