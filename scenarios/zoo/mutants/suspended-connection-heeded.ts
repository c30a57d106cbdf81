import type { Mutant } from "../mutant.ts";

export default {
  name: "suspended-connection-heeded",
  breaks: "I10",
  why: "Only revoked connections are turned away.",
  patches: [
    {
      file: "broker-sim/core/federation/commands.ts",
      find: `if (connection.state !== "active") {`,
      replace: `if (connection.state === "revoked") {`,
    },
  ],
} satisfies Mutant;
