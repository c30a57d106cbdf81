import type { Mutant } from "../mutant.ts";

export default {
  name: "deadline-never-rearmed",
  breaks: "L3",
  why: "An alarm that goes off too early, because the lease was renewed meanwhile, is not set again.",
  patches: [
    {
      file: "broker-sim/core/deadlines.ts",
      find: `    turn.state.alarms.ensure("job", jobId, expiresAt);
`,
      replace: `    // The lease was renewed.
`,
    },
  ],
} satisfies Mutant;
