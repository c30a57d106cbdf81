import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

/** WC-4, WC-11; L1, L2: nobody needs the broker to leave, and nothing is lost by it. */
export const withdrawWithBrokerDown: Scenario = {
  name: "withdraw-with-broker-down",
  title: "withdraw while the broker is dead: it ends in time, and nothing is left or lost",
  description:
    "The broker is killed while an agent works for it, and the agent withdraws: within its deadline it is gone, and its " +
    "report says that nobody confirmed. When the broker is back, the leases run out, and a relief agent ends every job.",
  requirements: ["WC-4", "WC-11"],
  tags: ["withdraw", "broker", "fault"],
  stages: ["host", "netns", "sim"],
  store: "sqlite",
  defaults: { slots: 2, jobs: 3, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 40, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "kill-broker" },
    { step: "eventually-within", withinMs: 60_000, holds: { fact: "broker-heard", agent: "donor", is: false } },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "start-broker" },
    { step: "join", agent: "relief", slots },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "relief", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "relief" },
  ],
  expectations: ({ jobs }) => [
    { checker: "withdrawal-bound" },
    { checker: "deferred-told" },
    { checker: "withdraw-complete" },
    { checker: "jobs-settled", settings: { startedMin: jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ],
};
