import type { Mutant } from "../mutant.ts";

export default {
  name: "missing-agent-not-noticed",
  breaks: "L2",
  why: "What ran before the broker went away is taken to run still.",
  patches: [
    {
      file: "broker-sim/core/executions/host-reports.ts",
      find: `  if (execution.state === "killing") transitionToKilled(turn, execution);
  else if (execution.state === "spawning") {`,
      replace: `  if (execution.state === "running") return acknowledged;
  if (execution.state === "killing") transitionToKilled(turn, execution);
  else if (execution.state === "spawning") {`,
    },
  ],
} satisfies Mutant;
