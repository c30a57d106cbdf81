import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "partition-and-fence",
  breaks: "I1",
  why: "A heartbeat that nobody answered was sent all the same, and leaves a holder two seconds more.",
  patches: [
    {
      file: "agent/core/heartbeat.ts",
      find: "  else onRefused(turn, outcome);",
      replace: `  else onRefused(turn, outcome);
  if (!outcome.ok && !turn.core.brokerReachable) {
    for (const lease of turn.leases()) lease.ownDeadlineMs = Math.max(lease.ownDeadlineMs, turn.nowMs + 2_000);
  }`,
    },
  ],
} satisfies Mutant;
