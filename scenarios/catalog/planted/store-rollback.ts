import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "store-rollback",
  breaks: "I2",
  why: "A result of a job that waits for somebody is taken from whoever brings one, to spare the work.",
  patches: [
    {
      file: "broker-sim/core/lease-actions.ts",
      find: `  if (!isLeased(call)) {
    sometimes("a completion was fenced");`,
      replace: `  if (!isLeased(call) && job.state !== "queued") {
    sometimes("a completion was fenced");`,
    },
  ],
} satisfies Mutant;
