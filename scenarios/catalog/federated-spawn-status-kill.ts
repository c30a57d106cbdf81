import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

/** FE-1, FE-3: one broker has another start, show and end an agent. */
export const federatedSpawnStatusKill: Scenario = {
  name: "federated-spawn-status-kill",
  title: "a hub has its spoke start, show and end agents, and what it tells of them is so",
  description:
    "A second broker becomes the hub of the first. Through it agents are started on the spoke's host, asked for and ended: " +
    "each command is done once, what the hub tells is what the spoke shows, and nothing of the agents is left.",
  requirements: ["FE-1", "FE-3"],
  tags: ["federation", "executions"],
  stages: ["host", "sim"],
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: briskTiming,
  steps: ({ cycles }) => [
    { step: "start-broker" },
    { step: "federate" },
    ...Array.from({ length: cycles }, () => ({ step: "command-spoke", action: "spawn", withinMs: 60_000 }) as const),
    { step: "command-spoke", action: "status", withinMs: 60_000 },
    { step: "command-spoke", action: "kill", withinMs: 60_000 },
    { step: "command-spoke", action: "status", withinMs: 60_000 },
  ],
  expectations: ({ cycles }) => [
    { checker: "remote-control", settings: { spawnsMin: cycles, statusesMin: 2 * cycles, killsMin: cycles } },
    { checker: "commands-once" },
  ],
};
