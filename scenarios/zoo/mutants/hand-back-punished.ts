import type { Mutant } from "../mutant.ts";

export default {
  name: "hand-back-punished",
  breaks: "L2",
  why: "A job that its donor gave back waits as if it had failed there.",
  patches: [
    {
      file: "broker-sim/core/grants.ts",
      find: "  queueAgain(turn, job, { ...requeue, backoffMs: 0 });",
      replace: `  const backoffMs = requeue.how === "handed-back" ? turn.state.timing.backoffMs : 0;
  queueAgain(turn, job, { ...requeue, backoffMs });`,
    },
  ],
} satisfies Mutant;
