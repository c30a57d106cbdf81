import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-with-broker-slow",
  breaks: "I7",
  why: "An answer that comes late is taken for one to an earlier call, and not heeded.",
  patches: [
    {
      file: "agent/core/withdrawal-broker.ts",
      find: `  if (withdrawal.record.current !== "hand-back" || !withdrawal.asked) return;
  if (outcome.ok) handedBack(`,
      replace: `  if (withdrawal.record.current !== "hand-back" || !withdrawal.asked) return;
  if (turn.nowMs - withdrawal.stepBegunAtMs > 1_500) return;
  if (outcome.ok) handedBack(`,
    },
  ],
} satisfies Mutant;
