import type { Mutant } from "../mutant.ts";

export default {
  name: "completed-whatever-the-exit-code",
  breaks: "I4",
  why: "Whatever ends by itself is taken to have ended well.",
  patches: [
    {
      file: "broker-sim/core/executions/host-reports.ts",
      find: `execution.state === "running" && exitCode === 0)`,
      replace: `execution.state === "running")`,
    },
  ],
} satisfies Mutant;
