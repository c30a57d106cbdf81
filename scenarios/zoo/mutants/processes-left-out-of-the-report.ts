import type { Mutant } from "../mutant.ts";

export default {
  name: "processes-left-out-of-the-report",
  breaks: "I7",
  why: "What could not be killed is logged, and the withdrawal calls itself clean.",
  profile: "swarm",
  patches: [
    {
      file: "agent/core/withdrawal-host.ts",
      find: "  record.processesLeft = left;",
      replace: "  if (left.length > 99) record.processesLeft = left;",
    },
  ],
} satisfies Mutant;
