import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-during-job",
  breaks: "I8",
  why: "An agent that has a single slot leaves the checkpoint out of what it hands back, as if nothing had begun.",
  patches: [
    {
      file: "agent/core/withdrawal-broker.ts",
      find: "handedBack: leases.map(handBack)",
      replace: `handedBack: leases.map(handBack).map(({ checkpoint, ...rest }) =>
        checkpoint === undefined ? rest : core.slots === 1 ? { ...rest, progress: 0 } : { ...rest, checkpoint })`,
    },
  ],
} satisfies Mutant;
