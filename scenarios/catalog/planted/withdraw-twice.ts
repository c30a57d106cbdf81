import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-twice",
  breaks: "I9",
  why: "Whoever asks for a withdrawal that is under way is forgotten, and waits for ever.",
  patches: [
    {
      file: "agent/core/withdrawal-begin.ts",
      find: `    core.withdrawal.waiting.push(requestId);
`,
      replace: "",
    },
  ],
} satisfies Mutant;
