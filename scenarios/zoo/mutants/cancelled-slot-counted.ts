import type { Mutant } from "../mutant.ts";

export default {
  name: "cancelled-slot-counted",
  breaks: "L2",
  why: "The slot of a cancelled job counts as free while its agent still ends the job, so that others are not woken for what is queued.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: `  const isFreed = how === "cancelled" && job.state === "leased" ? 0 : 1;`,
      replace: `  const isFreed = 1;`,
    },
  ],
} satisfies Mutant;
