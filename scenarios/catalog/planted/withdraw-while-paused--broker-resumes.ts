import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-while-paused--broker-resumes",
  breaks: "I5",
  why: "A resume is a resume: the broker's lets go what the owner had paused.",
  patches: [
    {
      file: "agent/core/resume.ts",
      find: `  if (by === "broker" && pause.by === "owner") {`,
      replace: `  if (by === "broker" && pause.by === "owner" && core.slots === 0) {`,
    },
  ],
} satisfies Mutant;
