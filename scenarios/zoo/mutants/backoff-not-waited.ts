import type { Mutant } from "../mutant.ts";

export default {
  name: "backoff-not-waited",
  breaks: "L2",
  why: "A job that brings down whoever takes it goes to the next one at once.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: "    queueAgain(turn, job, { ...requeue, backoffMs: drawBackoffMs(turn, job) });",
      replace: "    queueAgain(turn, job, { ...requeue, backoffMs: 0 });",
    },
  ],
} satisfies Mutant;
