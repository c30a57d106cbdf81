import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "store-loss",
  breaks: "L2",
  why: "A broker that does not know the agent is taken for one that is busy, and told the same again and again.",
  patches: [
    {
      file: "agent/core/heartbeat.ts",
      find: `  if (code === "unknown-agent") {`,
      replace: `  if (code === "unknown-agent" && turn.core.enrolled === false) {`,
    },
  ],
} satisfies Mutant;
