import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "owner-comes-back--quiet-ends-the-owners",
  breaks: "I5",
  why: "Who paused is asked only where the broker resumes, so the quiet ends a pause that the owner joined in so many words.",
  patches: [
    {
      file: "agent/core/activity.ts",
      find: `  if (pause.by !== "activity") {`,
      replace: `  if (pause.by === "broker") {`,
    },
  ],
} satisfies Mutant;
