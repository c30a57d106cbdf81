import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "goodbye-shutdown",
  breaks: "I9",
  why: "The event of the goodbye is known and nobody acts on it.",
  patches: [
    {
      file: "agent/core/agent.ts",
      find: "      return askShutdown(turn, `goodbye: ${data.reason}`);",
      replace: "      return;",
    },
  ],
} satisfies Mutant;
