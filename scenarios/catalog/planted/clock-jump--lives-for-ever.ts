import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "clock-jump--lives-for-ever",
  breaks: "L3",
  why: "A start may give a lease more time and never takes any, so what was written down holds if it is later.",
  patches: [
    {
      file: "broker-sim/core/broker-state.ts",
      find: `expiresAt: state.nowMs + lastsOverStartMs(state, job) };`,
      replace: `expiresAt: Math.max(job.grant.expiresAt, state.nowMs + lastsOverStartMs(state, job)) };`,
    },
  ],
} satisfies Mutant;
