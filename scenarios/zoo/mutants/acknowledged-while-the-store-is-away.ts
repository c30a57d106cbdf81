import type { Mutant } from "../mutant.ts";

export default {
  name: "acknowledged-while-the-store-is-away",
  breaks: "I3",
  why: "Whoever waited too long for the store is told yes, and what was decided may never be written.",
  patches: [
    {
      file: "scenarios/simulator/world/broker-decisions.ts",
      find: "      this.#network.answer(reply.call, storeAway, reply.link);",
      replace: "      this.#network.answer(reply.call, reply.response, reply.link);",
    },
  ],
} satisfies Mutant;
