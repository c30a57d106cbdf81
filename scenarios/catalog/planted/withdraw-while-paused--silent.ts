import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-while-paused--silent",
  breaks: "WC-1",
  why: "Whoever is paused takes no offers, so it is thought to need no heartbeats either: its broker takes it for lost.",
  patches: [
    {
      file: "agent/core/heartbeat-send.ts",
      find: `  const { heartbeatIntervalMs, heartbeatJitterRatio }`,
      replace: `  if (turn.core.pause !== null) return;
  const { heartbeatIntervalMs, heartbeatJitterRatio }`,
    },
  ],
} satisfies Mutant;
