import type { Mutant } from "../mutant.ts";

export default {
  name: "limit-told-as-a-signal",
  breaks: "I3",
  why: "What a job took too much of is told to nobody but the log, and its completion names the signal that ended it.",
  patches: [
    {
      file: "agent/core/sandbox-life.ts",
      find: `reason.by === "itself" && reason.exitCode === 0 ? resultProblem : exitInWords(reason)`,
      replace: `reason.by === "itself" && reason.exitCode === 0 ? resultProblem : exitInWords(reason.by === "limit" ? { by: "signal", signal: "SIGKILL" } : reason)`,
    },
  ],
} satisfies Mutant;
