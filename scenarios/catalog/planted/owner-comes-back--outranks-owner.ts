import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "owner-comes-back--outranks-owner",
  breaks: "I5",
  why: "Once it has been quiet for long enough everything goes on, whoever had paused it.",
  patches: [
    {
      file: "agent/core/activity.ts",
      find: `  if (pause.by !== "activity") {
    sometimes`,
      replace: `  if (pause.by === "broker") {
    sometimes`,
    },
  ],
} satisfies Mutant;
