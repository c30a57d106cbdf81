import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-ignores-sigterm",
  breaks: "I7",
  why: "The first signal hurries a withdrawal as the second one does, and its jobs are killed before their grace is over.",
  patches: [
    {
      file: "agent/core/withdrawal-begin.ts",
      find: "  if (withdrawal.signals === 1) {",
      replace: "  if (withdrawal.signals === 1) {\n    hasten(turn, withdrawal, 100);",
    },
  ],
} satisfies Mutant;
