import type { Mutant } from "../mutant.ts";

export default {
  name: "resume-without-thaw",
  breaks: "I5",
  why: "The resume sets every state right and forgets to let the processes go on.",
  patches: [
    {
      file: "agent/core/resume.ts",
      find: `  if (thaws) turn.emit({ kind: "thawAll", trigger: reason, triggeredAtMs: nowMs, waiting });
  else turn.answer(requestId, { ok: true, resumeMs: 0 });`,
      replace: `  if (thaws) turn.core.freeze = null;
  turn.answer(requestId, { ok: true, resumeMs: nowMs - nowMs + waiting.length * 0 });`,
    },
  ],
} satisfies Mutant;
