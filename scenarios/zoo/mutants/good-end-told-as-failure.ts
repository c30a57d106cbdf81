import type { Mutant } from "../mutant.ts";

export default {
  name: "good-end-told-as-failure",
  breaks: "I4",
  why: "Of an agent that was running when the broker came back, a good end is taken for none.",
  patches: [
    {
      file: "broker-sim/core/executions/host-reports.ts",
      find: `execution.state === "running" && exitCode === 0)`,
      replace: `execution.state === "running" && exitCode === 0 && executionId.split('-')[1] === turn.state.boot)`,
    },
  ],
} satisfies Mutant;
