import type { Mutant } from "../mutant.ts";

export default {
  name: "made-before-it-is-journalled",
  breaks: "I11",
  why: "The directory is made first and journalled after it, so that a crash between the two leaves what nobody knows of.",
  patches: [
    {
      file: "scenarios/simulator/world/host-ledger.ts",
      find: `    this.acquire(resource);
    if (this.#body.alive) this.#body.host.make(resource);`,
      replace: `    this.#body.host.make(resource);
    this.acquire(resource);`,
    },
  ],
} satisfies Mutant;
