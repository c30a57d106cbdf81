import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "agent-frozen-past-its-lease--stale-progress",
  breaks: "I2",
  why: "Results are fenced, and word of how far a job got is not: it only informs, and so it is taken from anybody.",
  patches: [
    {
      file: "broker-sim/core/lease-actions.ts",
      find: `  if (!isLeased(call)) return fenced(input.leaseId, call.job);
  const { progress, checkpoint }`,
      replace: `  const { progress, checkpoint }`,
    },
  ],
} satisfies Mutant;
