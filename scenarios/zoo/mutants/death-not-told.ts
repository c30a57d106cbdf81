import type { Mutant } from "../mutant.ts";

export default {
  name: "death-not-told",
  breaks: "L2",
  why: "An agent that a job has killed gives that back like any other, so it goes round for ever.",
  profile: "quick",
  patches: [
    {
      file: "agent/core/start.ts",
      find: `    lease.agentDied = true;`,
      replace: ``,
    },
  ],
} satisfies Mutant;
