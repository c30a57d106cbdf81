import type { Mutant } from "../mutant.ts";

export default {
  name: "activity-ignored-for-ever",
  breaks: "L4",
  why: "An owner's resume switches the triggers off for good, and the host is never given back to its owner again.",
  patches: [
    {
      file: "agent/core/activity.ts",
      find: `  const ignored = wasIgnored && isGoingOn(turn);`,
      replace: `  const ignored = wasIgnored;`,
    },
    {
      file: "agent/core/activity.ts",
      find: `  turn.core.activity = null;`,
      replace: `  turn.core.activity = activity.ignored ? activity : null;`,
    },
  ],
} satisfies Mutant;
