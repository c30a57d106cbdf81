import type { Mutant } from "../mutant.ts";

export default {
  name: "job-blamed-for-a-shutdown",
  breaks: "I3",
  why: "A shutdown that is broken off leaves its jobs to be blamed for it.",
  profile: "quick",
  patches: [
    {
      file: "agent/core/shutdown.ts",
      find: `    if (lease.spawnedInBoot === null) continue;`,
      replace: `    if (lease.spawnedInBoot !== null) continue;`,
    },
  ],
} satisfies Mutant;
