import type { Mutant } from "../mutant.ts";

export default {
  name: "upload-not-verified",
  breaks: "I8",
  why: "What was uploaded counts as soon as all of it is there, whatever it has become on the broker's disk.",
  patches: [
    {
      file: "broker-sim/core/uploads.ts",
      find: "  return measured === digest;",
      replace: "  return measured.length === digest.length;",
    },
  ],
} satisfies Mutant;
