import type { Mutant } from "../mutant.ts";

export default {
  name: "last-look-leaves-own-jobs-out",
  breaks: "I7",
  why: "A withdrawal looks for what earlier instances left: its own jobs were ended by then, or so it believes.",
  profile: "swarm",
  patches: [
    {
      file: "agent/core/withdrawal-host.ts",
      find: `kind: "endStrays", everything: true,`,
      replace: `kind: "endStrays", everything: false,`,
    },
  ],
} satisfies Mutant;
