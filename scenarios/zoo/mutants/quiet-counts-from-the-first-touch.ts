import type { Mutant } from "../mutant.ts";

export default {
  name: "quiet-counts-from-the-first-touch",
  breaks: "I5",
  why: "Activity that goes on does not put the end of its pause off, so the jobs come back in the middle of it.",
  patches: [
    {
      file: "agent/core/activity-hold.ts",
      find: `  core.activity = { what, ignored, quietAtMs: nowMs + core.quietMs };`,
      replace: `  const goesOn = core.activity !== null;
  core.activity = { what, ignored, quietAtMs: nowMs + core.quietMs };`,
    },
    {
      file: "agent/core/activity-hold.ts",
      find: `  turn.setTimer("quiet", { delayMs: core.quietMs });`,
      replace: `  if (!goesOn) turn.setTimer("quiet", { delayMs: core.quietMs });`,
    },
  ],
} satisfies Mutant;
