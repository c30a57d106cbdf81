import type { Mutant } from "../mutant.ts";

export default {
  name: "job-blamed-for-a-reboot",
  breaks: "I3",
  why: "A job is taken for the reason why its whole host went down.",
  profile: "quick",
  patches: [
    {
      file: "agent/core/start.ts",
      find: `  if (core.pause === null && lease.spawnedInBoot === core.bootId) {`,
      replace: `  if (core.pause === null) {`,
    },
  ],
} satisfies Mutant;
