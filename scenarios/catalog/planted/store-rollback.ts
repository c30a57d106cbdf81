import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "store-rollback",
  breaks: "I1",
  why: "A job's next epoch follows from what the store says of its last one, and the store is always right.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: "  return Math.max(epoch, isOurs ? 0 : state.epochFloor) + 1;",
      replace: "  return Math.max(epoch, isOurs ? 0 : Math.min(0, state.epochFloor)) + 1;",
    },
  ],
} satisfies Mutant;
