import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "owner-comes-back",
  breaks: "L4",
  why: "The triggers are watched, and what they notice is never acted on.",
  patches: [
    {
      file: "agent/core/activity.ts",
      find: "  if (isLeaving(core)) return;",
      replace: "  if (isLeaving(core) || noticedAtMs > 0) return;",
    },
  ],
} satisfies Mutant;
