import type { Mutant } from "../mutant.ts";

export default {
  name: "drained-and-wakes",
  breaks: "EG-1",
  why: "Agents with room are woken for jobs that they are not offered, and ask again and again.",
  patches: [
    {
      file: "broker-sim/core/work-hints.ts",
      find: "  if (state.drained !== null || !canBeWoken(agent)) return;\n",
      replace: "  if (!canBeWoken(agent)) return;\n",
    },
  ],
} satisfies Mutant;
