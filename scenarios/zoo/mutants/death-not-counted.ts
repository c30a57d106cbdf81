import type { Mutant } from "../mutant.ts";

export default {
  name: "death-not-counted",
  breaks: "L2",
  why: "The broker leases a job in whose hands agents die as often as one that donors interrupt.",
  profile: "quick",
  patches: [
    {
      file: "broker-sim/core/lease-actions.ts",
      find: `  else if (agentDied) redeliverJob(turn, job, requeue);
`,
      replace: ``,
    },
  ],
} satisfies Mutant;
