import type { Mutant } from "../mutant.ts";

export default {
  name: "refused-before-commit",
  breaks: "I7",
  why: "While its store is away the broker refuses a key whose revocation is not written: its agent wipes it, and a crash brings it back.",
  patches: [
    {
      file: "scenarios/simulator/world/broker-body.ts",
      find: "admitted.ok || this.#decisions.isWaiting ? storeAway",
      replace: "admitted.ok ? storeAway",
    },
  ],
} satisfies Mutant;
