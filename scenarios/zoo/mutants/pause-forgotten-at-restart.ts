import type { Mutant } from "../mutant.ts";

export default {
  name: "pause-forgotten-at-restart",
  breaks: "I5",
  why: "A pause lives in memory only, so a restart lends the host again against its owner's word.",
  patches: [
    {
      file: "agent/core/pause.ts",
      find: `  turn.remember({ key: "pause", value: { by, reason } });`,
      replace: `  turn.log("info", \`paused by \${by}\`);`,
    },
  ],
} satisfies Mutant;
