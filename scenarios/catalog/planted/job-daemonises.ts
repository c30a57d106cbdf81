import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-daemonises",
  breaks: "I3",
  why: "A job that left something running has not come to a good end, and counts as failed.",
  patches: [
    {
      file: "agent/core/sandbox-life.ts",
      find: `  lease.endInFlight = false;
  const { withdrawal } = turn.core;`,
      replace: `  lease.endInFlight = false;
  if (terminated > 0 && lease.report?.kind === "complete") {
    lease.report = { kind: "complete", body: { ...lease.report.body, outcome: "failed" } };
  }
  const { withdrawal } = turn.core;`,
    },
  ],
} satisfies Mutant;
