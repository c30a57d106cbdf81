import type { Mutant } from "../mutant.ts";

export default {
  name: "accepted-twice",
  breaks: "I4",
  why: "An acceptance that is repeated because its answer was lost grants the lease anew.",
  profile: "swarm",
  patches: [
    {
      file: "broker-sim/core/lease-actions.ts",
      find: `  const grant = call.job.state === "offered" ? leaseJob(turn, call.job) : call.job.grant;`,
      replace: "  const grant = leaseJob(turn, call.job);",
    },
  ],
} satisfies Mutant;
