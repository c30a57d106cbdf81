import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-fork-bombs",
  breaks: "I5",
  why: "The agent's threads for files and checkpoints come when the first of them is needed.",
  patches: [{ file: "agent/main.ts", find: "  await startThreads();\n", replace: "" }],
} satisfies Mutant;
