import type { Mutant } from "../mutant.ts";

export default {
  name: "offer-taken-while-paused",
  breaks: "I6",
  why: "Whether there is a free slot is asked for, and whether the agent takes work is not: an answer that was on its way at the pause brings an offer.",
  patches: [
    {
      file: "agent/core/lease-facts.ts",
      find: `  if (core.pause !== null) return core.pause.result === null ? "the agent is pausing" : "the agent is paused";
  if (core.agent === "Idle" || core.agent === "Working") return null;`,
      replace: `  if (core.agent === "Idle" || core.agent === "Working" || core.agent === "Paused") return null;`,
    },
  ],
} satisfies Mutant;
