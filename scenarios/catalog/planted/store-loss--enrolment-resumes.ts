import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "store-loss--enrolment-resumes",
  breaks: "I6",
  why: "Whoever is let in anew begins anew: what a paused agent was told by its owner is forgotten with what the broker knew.",
  patches: [
    {
      file: "agent/core/enrolment.ts",
      find: `  if (core.pause !== null) {
    freeze(turn, { purpose: "pause", trigger: core.pause.reason });`,
      replace: `  if (core.pause !== null && core.agent === "Paused") {
    const { reason } = core.pause;
    core.pause = null;
    core.freeze = null;
    turn.emit({ kind: "thawAll", trigger: reason, triggeredAtMs: turn.nowMs, requestId: null });
    turn.move("resumeAsked", reason);
    turn.remember({ key: "pause", value: null });
    turn.emit({ kind: "notifyResumed", reason });
  }
  if (core.pause !== null) {
    freeze(turn, { purpose: "pause", trigger: core.pause.reason });`,
    },
  ],
} satisfies Mutant;
