import type { Mutant } from "../mutant.ts";

export default {
  name: "job-blamed-for-a-pause",
  breaks: "I3",
  why: "Whoever ends a paused agent by force is taken for the job that stood still.",
  profile: "quick",
  patches: [
    {
      file: "agent/core/start.ts",
      find: `  if (core.pause === null && lease.spawnedInBoot === core.bootId) {`,
      replace: `  if (lease.spawnedInBoot === core.bootId) {`,
    },
  ],
} satisfies Mutant;
