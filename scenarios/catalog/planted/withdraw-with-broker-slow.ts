import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-with-broker-slow",
  breaks: "I8",
  why: "Checkpoints that are on their way are waited for as long as they took where it was written: a moment.",
  patches: [
    {
      file: "agent/core/withdrawal-broker.ts",
      find: "  const { upload, broker, answer } = withdrawalShares;",
      replace: "  const { broker, answer } = withdrawalShares;\n  const upload = 0.02;",
    },
    {
      file: "agent/core/withdrawal-broker.ts",
      find: "  if (!isOver(turn, withdrawal, withdrawalShares.upload) && !everythingSent(turn, withdrawal)) return;",
      replace: "  if (!isOver(turn, withdrawal, upload) && !everythingSent(turn, withdrawal)) return;",
    },
  ],
} satisfies Mutant;
