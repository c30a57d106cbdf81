import type { Mutant } from "../mutant.ts";

export default {
  name: "resume-without-thaw",
  breaks: "I5",
  why: "The resume sets every state right and forgets to let the processes go on.",
  patches: [
    {
      file: "agent/core/resume.ts",
      find: `  turn.emit({ kind: "thawAll", trigger: reason, triggeredAtMs: nowMs, requestId });`,
      replace: `  turn.answer(requestId, { ok: true, resumeMs: nowMs - nowMs });`,
    },
  ],
} satisfies Mutant;
