import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-crash-at-every-step",
  breaks: "I7",
  why: "Whoever was killed after its jobs had ended takes the rest of its withdrawal for done.",
  patches: [
    {
      file: "agent/core/withdrawal-begin.ts",
      find: `record.current = "terminate";`,
      replace: `record.current = "clear-ledger";`,
    },
  ],
} satisfies Mutant;
