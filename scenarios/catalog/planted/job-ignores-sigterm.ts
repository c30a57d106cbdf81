import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "job-ignores-sigterm",
  breaks: "WC-1",
  why: "Whoever leaves gives no job more than eight tenths of a second to end, whatever the fleet has agreed on.",
  patches: [
    {
      file: "agent/core/lease-stop.ts",
      find: "    return Math.min(timing.terminateGraceMs, share);",
      replace: "    return Math.min(timing.terminateGraceMs, share, 800);",
    },
  ],
} satisfies Mutant;
