import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "killswitch",
  breaks: "I4",
  why: "The killswitch ends the agent that was started first, and takes that for all.",
  patches: [
    {
      file: "broker-sim/core/executions/spawn-and-kill.ts",
      find: "filter(({ state }) => !isTerminalExecution(state));\n  for",
      replace: "filter(({ state }) => !isTerminalExecution(state)).slice(0, 1);\n  for",
    },
  ],
} satisfies Mutant;
