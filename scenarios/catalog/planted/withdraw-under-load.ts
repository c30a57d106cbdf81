import type { Mutant } from "../../zoo/mutant.ts";

export default {
  name: "withdraw-under-load",
  breaks: "I3",
  why: "The queue holds sixteen jobs, and what comes beyond that is taken and forgotten.",
  patches: [
    {
      file: "broker-sim/core/job-queue.ts",
      find: "    this.#keys.set(job.jobId, key);",
      replace: `    if (this.#keys.size >= 16) return;
    this.#keys.set(job.jobId, key);`,
    },
  ],
} satisfies Mutant;
