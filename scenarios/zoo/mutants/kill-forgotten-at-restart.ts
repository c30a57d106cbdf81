import type { Mutant } from "../mutant.ts";

export default {
  name: "kill-forgotten-at-restart",
  breaks: "L1",
  why: "A broker that comes back takes an end that was asked for as done with.",
  patches: [
    {
      file: "broker-sim/core/executions/host-reports.ts",
      find: `  if (execution.state === "killing") endProcess(turn, execution, { now: false });
`,
      replace: ``,
    },
  ],
} satisfies Mutant;
