import type { Mutant } from "../mutant.ts";

export default {
  name: "broker-resumes-under-its-owner",
  breaks: "I5",
  why: "A resume of the broker's ends any pause but the owner's own, while the owner is active at the host.",
  patches: [
    {
      file: "agent/core/activity-hold.ts",
      find: `  if (activity === null || activity.ignored || !isGoingOn(turn)) return false;`,
      replace: `  if (activity === null || activity.ignored || !isGoingOn(turn) || pause.by === "activity") return false;`,
    },
  ],
} satisfies Mutant;
