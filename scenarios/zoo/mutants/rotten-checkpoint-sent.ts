import type { Mutant } from "../mutant.ts";

export default {
  name: "rotten-checkpoint-sent",
  breaks: "I8",
  why: "A checkpoint is sent as it lies on the donor's disk, and not held against what was saved.",
  patches: [
    {
      file: "agent/core/upload-course.ts",
      find: "    if (digest !== this.#digest) {",
      replace: "    if (digest.length !== this.#digest.length) {",
    },
  ],
} satisfies Mutant;
