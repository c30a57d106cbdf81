import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-ignores-sigterm--signal-breaks-it-off",
  breaks: "I7",
  why: "A signal ends the process, whatever it is at: a withdrawal goes on when somebody starts it again.",
  patches: [
    {
      file: "agent/core/withdrawal-begin.ts",
      find: '    turn.log("info", `${signal}: the withdrawal is finished first.`);',
      replace: '    turn.emit({ kind: "exit", ending: { how: "interrupted" } });',
    },
  ],
} satisfies Mutant;
