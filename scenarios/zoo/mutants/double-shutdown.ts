import type { Mutant } from "../mutant.ts";

export default {
  name: "double-shutdown",
  breaks: "I9",
  why: "Whoever asks for a shutdown starts one; that another may be under way was thought of for withdrawals only.",
  patches: [
    {
      file: "agent/core/shutdown.ts",
      find: "  if (core.shutdown !== null || core.withdrawal !== null) return;",
      replace: "  if (core.withdrawal !== null) return;",
    },
  ],
} satisfies Mutant;
