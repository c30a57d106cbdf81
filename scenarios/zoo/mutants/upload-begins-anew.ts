import type { Mutant } from "../mutant.ts";

export default {
  name: "upload-begins-anew",
  breaks: "I8",
  why: "An upload that was cut off is sent from its beginning, whatever the broker says that it has.",
  patches: [
    {
      file: "agent/core/upload-course.ts",
      find: "    return this.#sendFrom(offset);",
      replace: "    return this.#sendFrom(0);",
    },
  ],
} satisfies Mutant;
