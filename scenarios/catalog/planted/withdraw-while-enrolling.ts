import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-while-enrolling",
  breaks: "L1",
  why: "Whoever has not been let in has nothing to withdraw from, and is not listened to.",
  patches: [
    {
      file: "agent/core/withdrawal-begin.ts",
      find: `  if (core.withdrawal !== null) {
    sometimes("a withdrawal was asked for twice");`,
      replace: `  if (core.agent === "Enrolling") return;
  if (core.withdrawal !== null) {
    sometimes("a withdrawal was asked for twice");`,
    },
  ],
} satisfies Mutant;
