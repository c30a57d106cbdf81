import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-with-broker-down",
  breaks: "L1",
  why: "The broker is tried until it answers, because a revoked key is worth waiting for.",
  patches: [
    {
      file: "agent/core/withdrawal-broker.ts",
      find: "  if (isOver(turn, withdrawal, withdrawal.asked ? withdrawalShares.answer : withdrawalShares.broker)) {",
      replace: "  if (isOver(turn, withdrawal, withdrawalShares.broker) && !core.enrolled) {",
    },
    {
      file: "agent/core/withdrawal-broker.ts",
      find: "  if (again && withdrawal.brokerAttempts < agentLimits.withdrawAttemptsMax) {",
      replace:
        "  if (again && withdrawal.brokerAttempts < (turn.core.enrolled ? 1_000 : agentLimits.withdrawAttemptsMax)) {",
    },
    {
      file: "agent/core/withdrawal-broker.ts",
      find: "?? answer);",
      replace: "?? (core.enrolled ? 1_000 : answer));",
    },
  ],
} satisfies Mutant;
