import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "owner-comes-back--operator-wakes-it",
  breaks: "I5",
  why: "A pause that nobody asked for in words is let go by the first resume that comes, the operator's too.",
  patches: [
    {
      file: "agent/core/activity-hold.ts",
      find: `  if (activity === null || activity.ignored || !isGoingOn(turn)) return false;`,
      replace: `  if (activity === null || activity.ignored || !isGoingOn(turn) || pause.by === "activity") return false;`,
    },
  ],
} satisfies Mutant;
