import type { Mutant } from "../mutant.ts";

export default {
  name: "started-again-when-found",
  breaks: "I4",
  why: "The time at which it started is set by whoever notes its process, however often.",
  patches: [
    {
      file: "broker-sim/core/executions/host-reports.ts",
      find: `  if (execution.process !== null) return;
`,
      replace: `  execution.startedAt = turn.nowMs;
`,
    },
  ],
} satisfies Mutant;
