import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;
const withinMs = 60_000;

/** EG-2: the source had a data race here. */
export const goodbyeRacesSigterm: Scenario = {
  name: "goodbye-races-sigterm",
  title: "SIGTERM, SIGINT and the broker's goodbye at once: the agent shuts down once",
  description:
    "An agent at work hears goodbye from its broker and gets SIGTERM and SIGINT in the same moment. It shuts down once, " +
    "tells the broker once, ends with 0 and takes its jobs' processes along; started again, it ends the jobs.",
  requirements: ["EG-1", "EG-2"],
  tags: ["shutdown", "signal", "race"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 40, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs },
    {
      step: "together",
      branches: [
        [{ step: "shutdown", agent: "donor", by: "goodbye", withinMs }],
        [{ step: "shutdown", agent: "donor", by: "SIGTERM", withinMs }],
        [{ step: "shutdown", agent: "donor", by: "SIGINT", withinMs }],
      ],
    },
    { step: "find-survivors", agent: "donor" },
    { step: "restart", agent: "donor", withinMs },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "shutdown-raced", settings: { askersMin: 3 } },
    { checker: "shutdown-once", settings: { shutdownsMin: 1 } },
    { checker: "none-outlive", settings: { watchedMin: Math.min(slots, jobs) } },
    { checker: "jobs-settled", settings: { startedMin: jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
  ],
};
