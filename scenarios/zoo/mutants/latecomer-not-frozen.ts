import type { Mutant } from "../mutant.ts";

export default {
  name: "latecomer-not-frozen",
  breaks: "I5",
  why: "A sandbox that was being spawned when the freeze came is in no list yet, and nobody stops it when it comes up.",
  patches: [
    {
      file: "agent/core/freeze.ts",
      find: `  sometimes("a sandbox came up in a freeze");`,
      replace: "  if (inForce.freezeMs !== null) return;",
    },
  ],
} satisfies Mutant;
