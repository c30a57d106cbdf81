import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-during-job--counts",
  breaks: "I3",
  why: "A job that comes back has had an attempt, whoever gave it back and why.",
  patches: [
    {
      file: "broker-sim/core/lease-actions.ts",
      find: `  else requeueJob(turn, job, requeue);`,
      replace: `  else redeliverJob(turn, job, requeue);`,
    },
  ],
} satisfies Mutant;
