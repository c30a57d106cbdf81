import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 3_000;

/** WC-11: who has changed their mind need not wait until the broker is there. */
export const withdrawWhileEnrolling: Scenario = {
  name: "withdraw-while-enrolling",
  title: "withdraw before the broker has let the agent in: it is gone in time, and nobody has heard of it",
  description:
    "An agent is started while the broker is dead, and asks again and again to be let in. Its owner has it withdraw: " +
    "within its deadline it is gone and has left nothing. When the broker is back, another agent gets the work.",
  requirements: ["WC-4", "WC-11"],
  tags: ["withdraw", "broker"],
  stages: ["host", "netns", "sim"],
  store: "sqlite",
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "kill-broker" },
    { step: "begin-joining", agent: "doubter", slots, withinMs: 60_000 },
    { step: "withdraw", agent: "doubter", deadlineMs: withdrawDeadlineMs },
    { step: "start-broker" },
    { step: "submit", batch: "work", jobs, units: 10, unitCpuMs: 10, children: 0 },
    { step: "join", agent: "donor", slots },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: 10_000 },
  ],
  expectations: ({ jobs }) => [
    { checker: "withdrawn-from", settings: { from: "Enrolling" } },
    { checker: "withdrawal-bound" },
    { checker: "jobs-settled", settings: { startedMin: jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "transitions" },
    { checker: "completion-once" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
  ],
};
