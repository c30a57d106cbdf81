import type { Mutant } from "../mutant.ts";

export default {
  name: "replay-off-by-one",
  breaks: "I3",
  why: "A stream that reconnects is sent the events from its last one on, and not those after it.",
  patches: [
    {
      file: "broker-sim/io/event-hub.ts",
      find: "      if (number <= afterNumber) continue;",
      replace: "      if (number < afterNumber) continue;",
    },
  ],
} satisfies Mutant;
