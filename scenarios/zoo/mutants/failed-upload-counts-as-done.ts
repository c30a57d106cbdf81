import type { Mutant } from "../mutant.ts";

export default {
  name: "failed-upload-counts-as-done",
  breaks: "I8",
  why: "Whether an upload ended is asked, and not whether it got there.",
  profile: "swarm",
  patches: [
    {
      file: "agent/core/upload-answer.ts",
      find: `    checkpoint.upload = "waiting";`,
      replace: `    checkpoint.upload = "done";`,
    },
  ],
} satisfies Mutant;
