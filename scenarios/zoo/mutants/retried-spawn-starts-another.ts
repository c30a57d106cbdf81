import type { Mutant } from "../mutant.ts";

export default {
  name: "retried-spawn-starts-another",
  breaks: "I10",
  why: "A further try of a command is taken for a new one.",
  patches: [
    {
      file: "broker-sim/core/federation/commands.ts",
      find: `const response = before === undefined ?`,
      replace: `const response = before === undefined || (before.executionId !== null && !before.nonces.includes(input.command.nonce)) ?`,
    },
  ],
} satisfies Mutant;
