import type { Mutant } from "../mutant.ts";

export default {
  name: "lease-promised-too-long",
  breaks: "I1",
  why: "The answer to a heartbeat names the end that the next renewal would bring, so a holder that nobody hears goes on after its lease has expired.",
  profile: "swarm",
  patches: [
    {
      file: "broker-sim/core/heartbeat.ts",
      find: "  return grant.expiresAt;",
      replace: "  return grant.expiresAt + turn.state.timing.leaseTtlMs;",
    },
  ],
} satisfies Mutant;
