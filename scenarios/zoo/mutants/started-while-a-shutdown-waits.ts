import type { Mutant } from "../mutant.ts";

export default {
  name: "started-while-a-shutdown-waits",
  breaks: "I6",
  why: "A job that was being prepared is started while a shutdown waits for others, because nothing is frozen yet.",
  patches: [
    {
      file: "agent/core/sandbox-life.ts",
      find: `if (core.freeze !== null || isLeaving(core)) return;`,
      replace: `if (core.freeze !== null) return;`,
    },
  ],
} satisfies Mutant;
