import type { Mutant } from "../mutant.ts";

export default {
  name: "checkpoint-told-once",
  breaks: "I8",
  why: "Whose a checkpoint is that was brought to the broker is told once, heard or not; it may be forgotten there when the pause is acknowledged.",
  patches: [
    {
      file: "agent/core/upload-answer.ts",
      find: `    checkpoint.upload = "untold";\n`,
      replace: "",
    },
  ],
} satisfies Mutant;
