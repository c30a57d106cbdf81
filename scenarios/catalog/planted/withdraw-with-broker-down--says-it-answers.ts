import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-with-broker-down--says-it-answers",
  breaks: "I4",
  why: "The status says of the broker that it answers because it once did.",
  patches: [
    {
      file: "agent/core/status.ts",
      find: `brokerReachable: core.brokerReachable`,
      replace: `brokerReachable: core.enrolled`,
    },
  ],
} satisfies Mutant;
