import type { Mutant } from "../mutant.ts";

export default {
  name: "epoch-reused-after-store-loss",
  breaks: "I1",
  why: "The next epoch is the job's own plus one, and a store that forgot the last grants brings an older one back.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: "  return Math.max(epoch, isOurs ? 0 : state.epochFloor) + 1;",
      replace: "  return Math.max(epoch, isOurs ? 0 : Math.min(0, state.epochFloor)) + 1;",
    },
  ],
} satisfies Mutant;
