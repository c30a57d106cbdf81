import type { Mutant } from "../mutant.ts";

export default {
  name: "drained-and-offers",
  breaks: "WC-1",
  why: "Whoever drains a broker counts on agents that leave, and not on one that is heard meanwhile.",
  patches: [
    {
      file: "broker-sim/core/heartbeat.ts",
      find: "  if (state.drained !== null) return withholdWork(turn, agent);\n",
      replace: "",
    },
  ],
} satisfies Mutant;
