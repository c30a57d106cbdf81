import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "cpu-and-io-storm",
  breaks: "I5",
  why: "From the third freeze on, whatever was frozen twice is taken to stand still.",
  patches: [
    {
      file: "agent/sandbox/job-cgroups.ts",
      find: "      setFrozen(path, true);\n      onAsked();",
      replace: `      globalThis.freezes = (globalThis.freezes ?? 0) + 1;
      if (globalThis.freezes < 3) setFrozen(path, true);
      onAsked();
      if (globalThis.freezes >= 3) return true;`,
    },
  ],
} satisfies Mutant;
