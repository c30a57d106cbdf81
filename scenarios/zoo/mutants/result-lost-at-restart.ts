import type { Mutant } from "../mutant.ts";

export default {
  name: "result-lost-at-restart",
  breaks: "I3",
  why: "The result is kept in memory until the broker has it, and not in the journal.",
  patches: [
    {
      file: "agent/core/lease-facts.ts",
      find: `    report: report?.kind === "complete" ? report.body : null,`,
      replace: `    report: report?.kind === "complete" ? null : null,`,
    },
  ],
} satisfies Mutant;
