import type { Mutant } from "../mutant.ts";

export default {
  name: "completion-recorded-twice",
  breaks: "I3",
  why: "A completion that is repeated because its answer was lost is taken as a second one.",
  patches: [
    {
      file: "broker-sim/core/lease-actions.ts",
      find: "    if (same) return acknowledged;",
      replace: `    if (same) {
      const { jobId, epoch, checkpoint } = job;
      const released = { jobId, leaseId: input.leaseId, epoch, agentId: agent.agentId, how: outcome, progress, checkpoint };
      turn.effects.push({ kind: "history", entry: { type: "broker.released", data: released } });
      return acknowledged;
    }`,
    },
  ],
} satisfies Mutant;
