import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

/** FE-2, I10: whoever listens on the line between two brokers can do nothing with what was heard. */
export const federatedForgery: Scenario = {
  name: "federated-forgery",
  title: "forged, replayed, stale and misdirected commands between brokers change nothing",
  description:
    "A hub has its spoke start an agent, and somebody listens. What was heard comes again, as it was and changed; spawns " +
    "and kills come with another's key, over a connection that nobody knows, too late, and while a connection is " +
    "suspended. Each is refused and counted, no agent comes to be of it, and the one that runs runs on.",
  requirements: ["FE-2", "FE-4"],
  tags: ["federation", "security"],
  stages: ["host", "sim"],
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: briskTiming,
  steps: ({ cycles }) => [
    { step: "start-broker" },
    { step: "federate" },
    { step: "command-spoke", action: "spawn", withinMs: 60_000 },
    ...Array.from({ length: cycles }, () => ({ step: "forge-commands" }) as const),
    { step: "killswitch", withinMs: 60_000 },
  ],
  expectations: () => [
    { checker: "forgeries-refused", settings: { kindsMin: 5 } },
    { checker: "killswitch" },
    { checker: "commands-once" },
  ],
};
