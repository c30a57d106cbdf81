import type { Mutant } from "../mutant.ts";

export default {
  name: "restored-from-the-beginning",
  breaks: "I8",
  why: "The directory is made anew after the checkpoint was unpacked into it.",
  patches: [
    {
      file: "scenarios/simulator/world/sandbox-start.ts",
      find: "      body.host.makeWorkspace(leaseId, content.progress);",
      replace: "      body.host.makeWorkspace(leaseId, 0);",
    },
  ],
} satisfies Mutant;
