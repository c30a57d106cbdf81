import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "goodbye-races-sigterm",
  breaks: "I9",
  why: "The broker's goodbye begins a shutdown, whether a signal has begun one or not.",
  patches: [
    {
      file: "agent/core/shutdown.ts",
      find: "  if (core.shutdown !== null || core.withdrawal !== null) return;",
      replace: '  if ((core.shutdown !== null && !trigger.startsWith("goodbye")) || core.withdrawal !== null) return;',
    },
  ],
} satisfies Mutant;
