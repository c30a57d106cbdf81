import type { Mutant } from "../mutant.ts";

export default {
  name: "drained-and-greets-nobody",
  breaks: "EG-1",
  why: "Goodbye is said to those who are there, and whoever opens its stream later waits for work in vain.",
  patches: [
    {
      file: "broker-sim/core/apply.ts",
      find: "    greet(turn, admitted.agent);\n",
      replace: "",
    },
  ],
} satisfies Mutant;
