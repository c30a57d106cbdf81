import type { Mutant } from "../mutant.ts";

export default {
  name: "offer-taken-twice",
  breaks: "I4",
  why: "An offer that is repeated because its answer was lost is taken as a new one.",
  profile: "swarm",
  patches: [
    {
      file: "agent/core/offer.ts",
      find: "  if (core.leases[leaseId] !== undefined) {",
      replace: `  if (core.leases[leaseId]?.stage === "running") {`,
    },
  ],
} satisfies Mutant;
