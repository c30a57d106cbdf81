import type { Mutant } from "../mutant.ts";

export default {
  name: "key-outlives-its-absence",
  breaks: "I7",
  why: "Who shut down is never looked at again, also when a later instance left without being heard.",
  patches: [
    {
      file: "broker-sim/core/deadlines.ts",
      find: "  const dueMs = agent.lastSeenAt + revokeShutdownAfterMs;",
      replace: "  const dueMs = nowMs + revokeShutdownAfterMs;",
    },
  ],
} satisfies Mutant;
