import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "duplicate-and-reordered-events",
  breaks: "I10",
  why: "Commands are heeded as they come, because a stream keeps their order.",
  patches: [
    {
      file: "agent/io/event-order.ts",
      find: `    if (isBefore(read, this.#command)) return false;`,
      replace: ``,
    },
  ],
} satisfies Mutant;
