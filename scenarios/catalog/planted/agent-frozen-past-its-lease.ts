import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "agent-frozen-past-its-lease",
  breaks: "I2",
  why: "A result of a job that is being worked on is taken, under whichever of its leases it comes.",
  patches: [
    {
      file: "broker-sim/core/lease-actions.ts",
      find: `  if (!isLeased(call)) {
    sometimes("a completion was fenced");`,
      replace: `  if (!isLeased(call) && job.state !== "leased") {
    sometimes("a completion was fenced");`,
    },
  ],
} satisfies Mutant;
