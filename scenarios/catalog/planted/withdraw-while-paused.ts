import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-while-paused",
  breaks: "L1",
  why: "A paused agent that holds jobs stands still in every respect: it does not hear that it is to leave.",
  patches: [
    {
      file: "agent/core/withdrawal-begin.ts",
      find: `  if (core.agent === "Paused") sometimes("a withdrawal began while paused");`,
      replace: `  if (core.agent === "Paused" && Object.keys(core.leases).length > 0) return;`,
    },
  ],
} satisfies Mutant;
