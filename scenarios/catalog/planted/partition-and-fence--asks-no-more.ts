import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "partition-and-fence--asks-no-more",
  breaks: "I1",
  why: "Whoever gave up all its work while nobody answered takes itself for forgotten, and asks no more.",
  patches: [
    {
      file: "agent/core/heartbeat.ts",
      find: "  else onRefused(turn, outcome);",
      replace: `  else onRefused(turn, outcome);
  const held = [...turn.leases()];
  const gaveUp = held.length > 0 && held.every(({ ownDeadlineMs }) => ownDeadlineMs <= turn.nowMs);
  if (gaveUp && !turn.core.brokerReachable) heartbeat.inFlight = true;`,
    },
  ],
} satisfies Mutant;
