import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "sigterm-shutdown",
  breaks: "I9",
  why: "The signal is caught, so that it does not kill the process, and then forgotten by all but who leaves already.",
  patches: [
    {
      file: "agent/core/agent.ts",
      find: "      return onSignal(turn, input.name);",
      replace: "      if (turn.core.withdrawal === null) return;\n      return onSignal(turn, input.name);",
    },
  ],
} satisfies Mutant;
