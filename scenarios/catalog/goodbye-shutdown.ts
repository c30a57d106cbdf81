import { shutdownScenario } from "./shutdown-scenario.ts";

/** EG-1, EG-4. */
export const goodbyeShutdown = shutdownScenario({
  by: "goodbye",
  name: "goodbye-shutdown",
  title: "the broker says goodbye: the agent hands its jobs back, ends, and may come again",
  description:
    "The broker sends its event `goodbye` to an agent at work. It hands its jobs back with checkpoints, ends with 0 and " +
    "takes every process of theirs along. Started again it takes the jobs up where they stood, and ends them.",
  requirements: ["EG-1", "EG-4"],
  tags: ["shutdown", "broker"],
});
