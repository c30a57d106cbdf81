import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "store-server-forgets",
  breaks: "I3",
  why: "A Redis that has lost commits is brought what is written just now, and not all that was written before.",
  patches: [
    {
      file: "broker-sim/io/stores/redis-store.ts",
      find: "      const all = this.#entriesOf(this.#with(records));",
      replace: "      const all = this.#entriesOf(records);",
    },
  ],
} satisfies Mutant;
