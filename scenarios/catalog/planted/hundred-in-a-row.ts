import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "hundred-in-a-row",
  breaks: "L2",
  why: "Agents that withdrew count against the number that the broker takes, and that number is small.",
  patches: [
    {
      file: "broker-sim/core/enrolment.ts",
      find: "state.agents.size >= brokerLimits.agentsMax",
      replace: "state.agents.size >= 64",
    },
  ],
} satisfies Mutant;
