import type { Mutant } from "../mutant.ts";

export default {
  name: "quiet-ends-an-owners-pause",
  breaks: "I5",
  why: "The end of the activity is taken for the end of the pause, whoever asked for it.",
  patches: [
    {
      file: "agent/core/activity.ts",
      find: `  if (pause.by !== "activity") {`,
      replace: `  if (pause.reason === "") {`,
    },
  ],
} satisfies Mutant;
