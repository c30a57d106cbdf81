import type { Mutant } from "../mutant.ts";

export default {
  name: "redelivery-limit-off",
  breaks: "I3",
  why: "The limit of redeliveries was written with the wrong comparison.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: "  if (job.redeliveries < job.job.redeliveriesMax) {",
      replace: "  if (job.redeliveries <= job.job.redeliveriesMax) {",
    },
  ],
} satisfies Mutant;
