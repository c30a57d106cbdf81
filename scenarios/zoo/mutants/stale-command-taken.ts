import type { Mutant } from "../mutant.ts";

export default {
  name: "stale-command-taken",
  breaks: "I10",
  why: "The window of a signature is left to the time that the command itself names.",
  patches: [
    {
      file: "broker-sim/core/federation/commands.ts",
      find: `Math.abs(turn.nowMs - issuedAt) > signatureWindowMs || issuedAt`,
      replace: `issuedAt`,
    },
    {
      file: "broker-sim/core/federation/commands.ts",
      find: `if (expiresAt < turn.nowMs || expiresAt > issuedAt + signatureWindowMs)`,
      replace: `if (expiresAt < turn.nowMs)`,
    },
  ],
} satisfies Mutant;
