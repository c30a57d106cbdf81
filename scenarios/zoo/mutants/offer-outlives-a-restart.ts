import type { Mutant } from "../mutant.ts";

export default {
  name: "offer-outlives-a-restart",
  breaks: "I1",
  why: "An open offer has its whole time again after a start, also one that a store brought back from before a later grant.",
  patches: [
    {
      file: "broker-sim/core/broker-state.ts",
      find: '  return state === "offered" ? 0 : timing.leaseTtlMs;',
      replace: '  return state === "offered" ? timing.offerTtlMs : timing.leaseTtlMs;',
    },
  ],
} satisfies Mutant;
