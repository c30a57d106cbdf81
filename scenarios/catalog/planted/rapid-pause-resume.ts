import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "rapid-pause-resume",
  breaks: "L4",
  why: "The number of a freeze has six bits, and with the sixty-fourth nothing is let go any more.",
  patches: [
    {
      file: "agent/core/resume.ts",
      find: `  turn.emit({ kind: "thawAll", trigger: reason, triggeredAtMs: nowMs, requestId });`,
      replace: `  if (core.freezeGeneration < 64) turn.emit({ kind: "thawAll", trigger: reason, triggeredAtMs: nowMs, requestId });`,
    },
  ],
} satisfies Mutant;
