import { shutdownScenario } from "./shutdown-scenario.ts";

/** EG-2, EG-4. */
export const sigtermShutdown = shutdownScenario({
  by: "SIGTERM",
  name: "sigterm-shutdown",
  title: "SIGTERM ends the process and no more: jobs go back, and it comes again as it was",
  description:
    "An agent at work gets SIGTERM. It hands its jobs back with checkpoints, ends with 0 and takes every process of theirs " +
    "along; its home stays. Started again it is the same agent, takes the jobs up where they stood, and ends them.",
  requirements: ["EG-2", "EG-4"],
  tags: ["shutdown", "signal"],
});
