import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "resume-elsewhere--acknowledged-empty",
  breaks: "I8",
  why: "A pause is acknowledged as soon as everything stands still, and names none of its checkpoints.",
  patches: [
    {
      file: "agent/core/acknowledgement.ts",
      find: `checkpoints: held.map(handBack)`,
      replace: `checkpoints: held.slice(held.length).map(handBack)`,
    },
  ],
} satisfies Mutant;
