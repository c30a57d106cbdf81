import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-with-broker-lying",
  breaks: "I7",
  why: "An answer that the broker failed is taken for a yes: it has heard of the withdrawal, after all.",
  patches: [
    {
      file: "agent/core/withdrawal-broker.ts",
      find: "  else onNo(turn, withdrawal, outcome);",
      replace: `  else if (outcome.code === "internal") handedBack(turn, withdrawal, withdrawal.leasesTold);
  else onNo(turn, withdrawal, outcome);`,
    },
  ],
} satisfies Mutant;
