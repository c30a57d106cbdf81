import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "soak",
  breaks: "L2",
  why: "The broker takes as many agents at a time as whoever wrote it ever had running: two.",
  patches: [
    {
      file: "broker-sim/core/enrolment.ts",
      find: "state.agents.size >= brokerLimits.agentsMax",
      replace: '[...state.agents.values()].filter(({ standing }) => standing !== "revoked").length >= 2',
    },
  ],
} satisfies Mutant;
