import type { Mutant } from "../mutant.ts";

export default {
  name: "killed-before-it-is-gone",
  breaks: "I4",
  why: "An end is told when it was asked for, and not when the processes are gone.",
  patches: [
    {
      file: "broker-sim/core/executions/spawn-and-kill.ts",
      find: `import { transitionToKilling } from`,
      replace: `import { transitionToKilled, transitionToKilling } from`,
    },
    {
      file: "broker-sim/core/executions/spawn-and-kill.ts",
      find: `    transitionToKilling(turn, execution, reason);
  }
  endProcess(turn, execution, { now });`,
      replace: `    transitionToKilling(turn, execution, reason);
  }
  endProcess(turn, execution, { now });
  transitionToKilled(turn, execution);`,
    },
  ],
} satisfies Mutant;
