import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "duplicate-and-reordered-events--resume-forgotten",
  breaks: "I10",
  why: "A resume of the broker's is taken for a repeat of one that was seen, because both look alike.",
  patches: [
    {
      file: "agent/core/agent.ts",
      find: `      return askResume(turn, { by: "broker", reason: data.reason, requestId: null });`,
      replace: `      if (turn.core.pause?.by === "broker") return;
      return askResume(turn, { by: "broker", reason: data.reason, requestId: null });`,
    },
  ],
} satisfies Mutant;
