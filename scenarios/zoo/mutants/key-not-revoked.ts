import type { Mutant } from "../mutant.ts";

export default {
  name: "key-not-revoked",
  breaks: "I7",
  why: "The withdrawal is acknowledged and recorded, and the agent's standing stays what it was.",
  patches: [
    {
      file: "broker-sim/core/agent-notices.ts",
      find: `  agent.standing = "revoked";`,
      replace: `  if (agent.standing === "lost") agent.standing = "revoked";`,
    },
  ],
} satisfies Mutant;
