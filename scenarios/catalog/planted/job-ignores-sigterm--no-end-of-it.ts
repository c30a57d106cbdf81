import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-ignores-sigterm--no-end-of-it",
  breaks: "WC-1",
  why: "The kill comes after six times the grace, because a job that has not ended by then may be about to.",
  patches: [
    {
      file: "scenarios/simulator/world/termination.ts",
      find: `inMs: killMs + graceMs };`,
      replace: `inMs: killMs + 6 * graceMs };`,
    },
  ],
} satisfies Mutant;
