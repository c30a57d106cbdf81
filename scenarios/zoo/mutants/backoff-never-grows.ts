import type { Mutant } from "../mutant.ts";

export default {
  name: "backoff-never-grows",
  breaks: "L2",
  why: "Every attempt is taken for the first one.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: "backoffAfter(redeliveries, state.timing)",
      replace: "backoffAfter(Math.min(1, redeliveries), state.timing)",
    },
  ],
} satisfies Mutant;
