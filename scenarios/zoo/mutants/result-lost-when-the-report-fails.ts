import type { Mutant } from "../mutant.ts";

export default {
  name: "result-lost-when-the-report-fails",
  breaks: "I3",
  why: "The report of a result is sent once, and what fails is logged.",
  patches: [
    {
      file: "agent/core/report.ts",
      find: `    sometimes("a report was repeated");
    retryLater(turn);
    return;`,
      replace: `    turn.log("warn", outcome.message);`,
    },
  ],
} satisfies Mutant;
