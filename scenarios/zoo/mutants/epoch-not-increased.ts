import type { Mutant } from "../mutant.ts";

export default {
  name: "epoch-not-increased",
  breaks: "I1",
  why: "The epoch grows when a lease is lost, and was forgotten for an offer that nobody took.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: "  return Math.max(epoch, isOurs ? 0 : state.epochFloor) + 1;",
      replace: `  const grows = state.jobs.get(jobId)?.startedAt !== null || epoch === 0;
  return Math.max(epoch, isOurs ? 0 : state.epochFloor) + (grows ? 1 : 0);`,
    },
  ],
} satisfies Mutant;
