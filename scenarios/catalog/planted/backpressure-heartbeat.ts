import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "backpressure-heartbeat",
  breaks: "L3",
  why: "An agent that has no slot free has nothing to ask for, and does not signal before it has.",
  patches: [
    {
      file: "agent/core/heartbeat-send.ts",
      find: "  core.heartbeat.inFlight = true;",
      replace: `  if (core.agent === "Working" && slotsFree(core) === 0) {
    setHeartbeatTimer(turn);
    return;
  }
  core.heartbeat.inFlight = true;`,
    },
  ],
} satisfies Mutant;
