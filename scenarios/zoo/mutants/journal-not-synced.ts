import type { Mutant } from "../mutant.ts";

export default {
  name: "journal-not-synced",
  breaks: "I11",
  why: "The sync of the journal was left out because it is slow, and everything works until the power fails.",
  patches: [
    {
      file: "scenarios/simulator/world/journal.ts",
      find: `    this.#unsynced.push(undo);
    this.#sync();`,
      replace: `    this.#unsynced.push(undo);
    if (this.#unsynced.length > 64) this.#sync();`,
    },
  ],
} satisfies Mutant;
