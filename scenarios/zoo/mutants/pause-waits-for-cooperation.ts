import type { Mutant } from "../mutant.ts";

export default {
  name: "pause-waits-for-cooperation",
  breaks: "L4",
  why: "The owner's pause lets jobs finish what a periodic checkpoint had asked of them, instead of stopping them.",
  patches: [
    {
      file: "agent/core/pause.ts",
      find: `if (core.shutdown === null && !enrolling) freeze(`,
      replace: `if (core.shutdown === null && !enrolling && core.cooperation !== null) core.cooperation.trigger = wish.reason;
  else if (core.shutdown === null && !enrolling) freeze(`,
    },
    {
      file: "agent/core/cooperation.ts",
      find: `  freeze(turn, cooperation);`,
      replace: `  freeze(turn, core.pause === null ? cooperation : { purpose: "pause", trigger: cooperation.trigger });`,
    },
  ],
} satisfies Mutant;
