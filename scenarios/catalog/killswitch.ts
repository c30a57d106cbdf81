import { limits } from "../../foundation/limits.ts";
import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

/** OR-6: what an operator started with one word ends with one word, and the work is not lost. */
export const killswitchScenario: Scenario = {
  name: "killswitch",
  title: "the killswitch ends every agent that the broker started, and their jobs go on elsewhere",
  description:
    "The broker starts agents on its own host, and they work. The operator throws the killswitch: each of them is told " +
    "to be killed only when nothing of it runs any more, their homes are gone, and a donor ends the jobs.",
  requirements: ["OR-1", "OR-6"],
  tags: ["executions", "killswitch"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 1, jobs: 2, cycles: 2 },
  timing: briskTiming,
  steps: ({ slots, jobs, cycles }) => [
    { step: "start-broker" },
    { step: "submit", batch: "work", jobs, units: 40, unitCpuMs: 10, children: 0 },
    { step: "spawn", agents: cycles, slots, leases: Math.min(jobs, slots * cycles), withinMs: 60_000 },
    { step: "killswitch", withinMs: 60_000 },
    { step: "join", agent: "donor", slots: Math.min(jobs, limits.slotsMax) },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
  ],
  expectations: ({ jobs, cycles }) => [
    { checker: "killswitch", settings: { agentsMin: cycles } },
    { checker: "jobs-settled", settings: { startedMin: jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
  ],
};
