import type { Mutant } from "../mutant.ts";

export default {
  name: "second-signal-waits-for-cooperation",
  breaks: "I9",
  why: "A second signal hurries everything of a shutdown but the wait for jobs that put their files in order.",
  patches: [
    {
      file: "agent/core/shutdown.ts",
      find: `  if (core.cooperation !== null) freeze(turn, core.cooperation);`,
      replace: ``,
    },
  ],
} satisfies Mutant;
