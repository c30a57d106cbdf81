import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "soak--paused-for-good",
  breaks: "I4",
  why: "A resume lets everything go on and leaves the pause in the journal, so that whoever is killed later comes back paused.",
  patches: [
    {
      file: "agent/core/resume.ts",
      find: `  turn.remember({ key: "pause", value: null });`,
      replace: `  if (turn.core.freeze !== null) turn.remember({ key: "pause", value: null });`,
    },
  ],
} satisfies Mutant;
