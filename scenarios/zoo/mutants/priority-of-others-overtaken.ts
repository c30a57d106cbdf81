import type { Mutant } from "../mutant.ts";

export default {
  name: "priority-of-others-overtaken",
  breaks: "L2",
  why: "What is given back goes before all others instead of before those of its priority.",
  patches: [
    {
      file: "broker-sim/core/job-queue.ts",
      find: "    const key = job.queueOrder - priorityOf(job) * priorityStep;",
      replace:
        "    const key = job.queueOrder < 0 ? job.queueOrder - limits.priorityMax * priorityStep : job.queueOrder - priorityOf(job) * priorityStep;",
    },
  ],
} satisfies Mutant;
