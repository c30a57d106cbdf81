import type { Mutant } from "../mutant.ts";

export default {
  name: "chunk-taken-anywhere",
  breaks: "I8",
  why: "A chunk of an upload is written wherever its sender says, whatever of it is there.",
  patches: [
    {
      file: "broker-sim/core/uploads.ts",
      find: "  if (offset !== (upload?.bytes ?? 0)) return elsewhere(upload?.bytes ?? 0);\n",
      replace: "",
    },
  ],
} satisfies Mutant;
