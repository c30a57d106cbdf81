import type { Mutant } from "../mutant.ts";

export default {
  name: "handed-back-before-the-end",
  breaks: "I1",
  why: "A shutdown tells the broker at once, to be quick, and ends the processes after it.",
  profile: "swarm",
  patches: [
    {
      file: "agent/core/shutdown.ts",
      find: "    if (waits && turn.nowMs < shutdown.phaseEndsAtMs) return;",
      replace: "    if (waits && shutdown.level === 2) return;",
    },
    {
      file: "agent/core/shutdown.ts",
      find: `({ stage, stop }) => stage === "parted" ||`,
      replace: `({ stage, stop }) => stage === "parted" || stage === "ending" ||`,
    },
  ],
} satisfies Mutant;
