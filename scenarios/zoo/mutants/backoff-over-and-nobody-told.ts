import type { Mutant } from "../mutant.ts";

export default {
  name: "backoff-over-and-nobody-told",
  breaks: "L2",
  why: "A job that has waited takes its place in the queue, and whoever is hungry sleeps on.",
  patches: [
    {
      file: "broker-sim/core/backoff.ts",
      find: "  enqueueJob(turn, job);",
      replace: "  queue.add(job);",
    },
  ],
} satisfies Mutant;
