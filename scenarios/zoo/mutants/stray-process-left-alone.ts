import type { Mutant } from "../mutant.ts";

export default {
  name: "stray-process-left-alone",
  breaks: "I11",
  why: "A process of which the broker knows nothing is told of, and not ended.",
  patches: [
    {
      file: "broker-sim/core/executions/host-reports.ts",
      find: `    turn.effects.push({ kind: "kill-process", executionId, graceMs: 0 });
    return acknowledged;`,
      replace: `    return acknowledged;`,
    },
  ],
} satisfies Mutant;
