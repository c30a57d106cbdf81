import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "disk-full",
  breaks: "I5",
  why: "Whoever cannot write takes its home for broken, and ends at once.",
  patches: [
    {
      file: "agent/core/freeze.ts",
      find: `    sometimes("a checkpoint could not be written");`,
      replace: `    sometimes("a checkpoint could not be written");
    if (core.freeze.purpose === "pause") turn.emit({ kind: "exit", ending: { how: "interrupted" } });`,
    },
  ],
} satisfies Mutant;
