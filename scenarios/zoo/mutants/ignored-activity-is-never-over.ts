import type { Mutant } from "../mutant.ts";

export default {
  name: "ignored-activity-is-never-over",
  breaks: "L2",
  why: "After a start nobody ends the activity that its owner's resume outranked, and it is told as going on for good.",
  patches: [
    {
      file: "agent/core/start.ts",
      find: `    noteActivity(turn, { what, ignored: true });`,
      replace: `    turn.core.activity = { what, ignored: true, quietAtMs: turn.nowMs + turn.core.quietMs };`,
    },
  ],
} satisfies Mutant;
