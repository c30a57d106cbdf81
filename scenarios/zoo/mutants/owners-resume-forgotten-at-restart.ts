import type { Mutant } from "../mutant.ts";

export default {
  name: "owners-resume-forgotten-at-restart",
  breaks: "I4",
  why: "That activity is to be ignored lives in memory only, so a restart pauses the host again against its owner's word.",
  patches: [
    {
      file: "agent/core/activity-hold.ts",
      find: `  turn.remember({ key: "activity", value: { ignored: true } });`,
      replace: `  turn.log("info", "activity is ignored");`,
    },
  ],
} satisfies Mutant;
