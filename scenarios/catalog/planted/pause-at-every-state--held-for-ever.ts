import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "pause-at-every-state--held-for-ever",
  breaks: "L2",
  why: "A resume lets go on what ran; what was taken and not started is forgotten in its freeze.",
  patches: [
    {
      file: "agent/core/resume.ts",
      find: "  spawnHeld(turn);\n",
      replace: "",
    },
  ],
} satisfies Mutant;
