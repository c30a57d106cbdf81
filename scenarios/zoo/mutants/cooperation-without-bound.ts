import type { Mutant } from "../mutant.ts";

export default {
  name: "cooperation-without-bound",
  breaks: "I8",
  why: "A job that says it cooperates and never answers is waited for: it has no checkpoint, and no shutdown ends.",
  patches: [
    {
      file: "agent/core/cooperation.ts",
      find: `endsAtMs: nowMs + Math.min(cooperative.waitMs, waitMsMax)`,
      replace: `endsAtMs: nowMs + Math.max(cooperative.waitMs, waitMsMax, 3_600_000)`,
    },
  ],
} satisfies Mutant;
