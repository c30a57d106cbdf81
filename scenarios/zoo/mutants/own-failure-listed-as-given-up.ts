import type { Mutant } from "../mutant.ts";

export default {
  name: "own-failure-listed-as-given-up",
  breaks: "I3",
  why: "Whoever asks for the jobs that were given up sees every job that failed.",
  patches: [
    {
      file: "broker-sim/core/views.ts",
      find: `return state === "failed" && settledBy === null;`,
      replace: `return state === "failed" && settledBy !== undefined;`,
    },
  ],
} satisfies Mutant;
