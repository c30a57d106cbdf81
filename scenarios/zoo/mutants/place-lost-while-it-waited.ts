import type { Mutant } from "../mutant.ts";

export default {
  name: "place-lost-while-it-waited",
  breaks: "L2",
  why: "A job that has waited after a failed attempt stands behind those that came after it.",
  patches: [
    {
      file: "broker-sim/core/backoff.ts",
      find: "  enqueueJob(turn, job);",
      replace: `  job.queueOrder = queue.nextBack();
  enqueueJob(turn, job);`,
    },
  ],
} satisfies Mutant;
