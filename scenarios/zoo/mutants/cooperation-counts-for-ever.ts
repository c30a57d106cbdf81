import type { Mutant } from "../mutant.ts";

export default {
  name: "cooperation-counts-for-ever",
  breaks: "I8",
  why: "A job that put its files in order before one freeze counts as ready in every later one, though it was given up.",
  patches: [
    {
      file: "agent/core/freeze.ts",
      find: `: readyGeneration === generation;`,
      replace: `: readyGeneration !== null && readyGeneration <= generation;`,
    },
  ],
} satisfies Mutant;
