import type { Mutant } from "../mutant.ts";

export default {
  name: "drained-and-starts-agents",
  breaks: "EG-1",
  why: "An agent is started on the broker's host that could not join.",
  patches: [
    {
      file: "broker-sim/core/executions/spawn-and-kill.ts",
      find: "  const closed = takesNoAgents(state);\n",
      replace: "  const closed = null;\n",
    },
  ],
} satisfies Mutant;
