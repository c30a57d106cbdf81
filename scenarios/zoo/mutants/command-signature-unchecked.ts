import type { Mutant } from "../mutant.ts";

export default {
  name: "command-signature-unchecked",
  breaks: "I10",
  why: "Whether a command is signed is looked at, and then nobody asks what came of it.",
  patches: [
    {
      file: "broker-sim/core/federation/commands.ts",
      find: `if (!isVerified) return`,
      replace: `if (turn.nowMs < 0 && !isVerified) return`,
    },
  ],
} satisfies Mutant;
