import type { Mutant } from "../mutant.ts";

export default {
  name: "overtaken-spawn-starts",
  breaks: "I10",
  why: "The kill of a spawn that has not come yet is answered, and not remembered.",
  patches: [
    {
      file: "broker-sim/core/federation/commands.ts",
      find: `    cancel(turn, connectionId, target.spawnCommandId);
`,
      replace: ``,
    },
  ],
} satisfies Mutant;
