import type { Mutant } from "../mutant.ts";

export default {
  name: "drained-and-lets-strangers-in",
  breaks: "EG-1",
  why: "Whoever has the token is let in, only to be sent away.",
  patches: [
    {
      file: "broker-sim/core/enrolment.ts",
      find: "  if (closed !== null) return closed;\n",
      replace: "",
    },
  ],
} satisfies Mutant;
