import type { Mutant } from "../mutant.ts";

export default {
  name: "priority-ignored",
  breaks: "L2",
  why: "Jobs stand in the order in which they came, whatever their submitters said of them.",
  patches: [
    {
      file: "broker-sim/core/job-queue.ts",
      find: "    const key = job.queueOrder - priorityOf(job) * priorityStep;",
      replace: "    const key = job.queueOrder;",
    },
  ],
} satisfies Mutant;
