import type { Mutant } from "../mutant.ts";

export default {
  name: "pause-by-activity-outlives-a-restart",
  breaks: "L2",
  why: "A start that comes back to a pause by activity counts no quiet, and the host takes no work until its owner wonders.",
  patches: [
    {
      file: "agent/core/start.ts",
      find: `    noteActivity(turn, { what, ignored: false });
  } else`,
      replace: `  } else`,
    },
  ],
} satisfies Mutant;
