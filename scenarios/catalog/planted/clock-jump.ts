import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "clock-jump",
  breaks: "I1",
  why: "That two clocks differ by more than a minute is taken for a mistake, and left out of account.",
  patches: [
    {
      file: "agent/core/lease-deadline.ts",
      find: "expiresAt - core.brokerAheadMs - nowMs",
      replace: "expiresAt - (Math.abs(core.brokerAheadMs) > 60_000 ? 0 : core.brokerAheadMs) - nowMs",
    },
  ],
} satisfies Mutant;
