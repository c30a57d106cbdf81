import type { Mutant } from "../mutant.ts";

export default {
  name: "backoff-forgotten-at-restart",
  breaks: "L2",
  why: "A broker that starts puts every queued job into the queue, those too that wait.",
  patches: [
    {
      file: "broker-sim/core/broker-state.ts",
      find: "    state.queue.putAside(job);",
      replace: `    job.waitsUntil = null;
    return state.queue.add(job);`,
    },
  ],
} satisfies Mutant;
