import type { Mutant } from "../mutant.ts";

export default {
  name: "fence-check-skipped",
  breaks: "I2",
  why: "The check whether the caller still holds the lease is there, and its outcome is only counted.",
  patches: [
    {
      file: "broker-sim/core/lease-actions.ts",
      find: `    sometimes("a completion was fenced");
    return fenced(input.leaseId, job);`,
      replace: `    sometimes("a completion was fenced");`,
    },
  ],
} satisfies Mutant;
