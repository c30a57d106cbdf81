import type { Mutant } from "../mutant.ts";

export default {
  name: "backoff-never-over",
  breaks: "L2",
  why: "The alarm comes, finds no lease to take back, and lets the job stand aside.",
  patches: [
    {
      file: "broker-sim/core/deadlines.ts",
      find: "  if (job.grant === null) endBackoff(turn, job);",
      replace: "  if (job.grant === null) return;",
    },
  ],
} satisfies Mutant;
