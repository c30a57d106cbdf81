import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "out-of-memory-job",
  breaks: "I3",
  why: "A job that took more than it may has had its share, and counts as completed.",
  patches: [
    {
      file: "agent/core/sandbox-life.ts",
      find: '      outcome: error === null ? "completed" : "failed",',
      replace: '      outcome: error === null || input.reason.by === "limit" ? "completed" : "failed",',
    },
  ],
} satisfies Mutant;
