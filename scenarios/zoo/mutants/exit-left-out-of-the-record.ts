import type { Mutant } from "../mutant.ts";

export default {
  name: "exit-left-out-of-the-record",
  breaks: "I4",
  why: "The end of an execution is recorded in words alone, so that nobody can count what jobs take too much of.",
  patches: [
    {
      file: "agent/core/turn.ts",
      find: `...(exit === undefined ? {} : { exit })`,
      replace: `...(exit === undefined ? {} : {})`,
    },
  ],
} satisfies Mutant;
