import type { Mutant } from "../mutant.ts";

export default {
  name: "drained-and-repeats-offers",
  breaks: "WC-1",
  why: "An offer that was made before the drain is told again, and begins a job with an agent that is being sent away.",
  patches: [
    {
      file: "broker-sim/core/heartbeat.ts",
      find: "  if (state.drained !== null) return withholdWork(turn, agent);\n",
      replace: "  if (state.drained !== null) return repeatOffers(agent);\n",
    },
  ],
} satisfies Mutant;
