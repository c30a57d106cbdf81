import type { Mutant } from "../mutant.ts";

export default {
  name: "command-replay-taken",
  breaks: "I10",
  why: "Nonces are kept, and compared with none.",
  patches: [
    {
      file: "broker-sim/core/federation/commands.ts",
      find: `if (before.nonces.includes(command.nonce)) {`,
      replace: `if (before.nonces.length === 0) {`,
    },
  ],
} satisfies Mutant;
