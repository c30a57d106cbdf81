import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "backpressure-heartbeat--cancelled-holder",
  breaks: "L2",
  why: "A slot is freed by a job that ended or came back, and the holder of a cancelled one keeps its lease for good.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: `  agent.letGo(job);
`,
      replace: `  if (how !== "cancelled") agent.letGo(job);
`,
    },
  ],
} satisfies Mutant;
