import type { Mutant } from "../mutant.ts";

export default {
  name: "answered-before-commit",
  breaks: "I3",
  why: "The answer goes out as soon as the decision is made, while the write is still on its way to the store.",
  patches: [
    {
      file: "scenarios/simulator/world/broker-decisions.ts",
      find: "dleAtMs <= this.#world.nowMs &&",
      replace: "dleAtMs <= Infinity &&",
    },
  ],
} satisfies Mutant;
