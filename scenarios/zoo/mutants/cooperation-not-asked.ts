import type { Mutant } from "../mutant.ts";

export default {
  name: "cooperation-not-asked",
  breaks: "I8",
  why: "Jobs that cooperate are archived as they stand at every periodic checkpoint, because nobody asks them.",
  patches: [
    {
      file: "agent/core/periodic.ts",
      find: `  if (cooperate(turn, { purpose: "periodic", trigger, waitMsMax })) return;`,
      replace: `  if (waitMsMax < 0 && cooperate(turn, { purpose: "periodic", trigger, waitMsMax })) return;`,
    },
  ],
} satisfies Mutant;
