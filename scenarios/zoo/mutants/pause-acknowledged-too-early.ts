import type { Mutant } from "../mutant.ts";

export default {
  name: "pause-acknowledged-too-early",
  breaks: "I8",
  why: "The broker is told of the pause as soon as everything stands still, before the checkpoints are saved.",
  patches: [
    {
      file: "agent/core/pause.ts",
      find: `  if (pause.result !== null || core.freeze?.purpose !== "pause" || !snapshotsSettled(turn)) return;`,
      replace: `  if (pause.result !== null || core.freeze?.purpose !== "pause" || core.freeze.freezeMs === null) return;`,
    },
  ],
} satisfies Mutant;
