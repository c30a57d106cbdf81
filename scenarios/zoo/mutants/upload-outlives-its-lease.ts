import type { Mutant } from "../mutant.ts";

export default {
  name: "upload-outlives-its-lease",
  breaks: "I11",
  why: "The end of a lease leaves what there is of its uploads where it is.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: "  dropUploadsOf(turn, { agentId, leaseId });\n",
      replace: "",
    },
  ],
} satisfies Mutant;
