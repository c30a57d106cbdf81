import type { Mutant } from "../mutant.ts";

export default {
  name: "thaw-misses-one",
  breaks: "I5",
  why: "The list of the sandboxes to let go on is cut one short.",
  patches: [
    {
      file: "scenarios/simulator/world/sandbox-effects.ts",
      find: "    for (const sandbox of this.#own()) sandbox.goOn();",
      replace: "    for (const sandbox of [...this.#own()].slice(1)) sandbox.goOn();",
    },
  ],
} satisfies Mutant;
