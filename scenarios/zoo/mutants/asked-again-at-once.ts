import type { Mutant } from "../mutant.ts";

export default {
  name: "asked-again-at-once",
  breaks: "L2",
  why: "A job that could not be started is offered to the same agent with its next heartbeat, again and again.",
  patches: [
    {
      file: "broker-sim/core/lease-actions.ts",
      find: "  if (startFailed === true) leaveToOthers(turn, agent, job);",
      replace: "",
    },
  ],
} satisfies Mutant;
