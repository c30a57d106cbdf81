import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

const downMs = 500;

/** I1, I3: a broker that was killed knows its leases again, and who holds one works on meanwhile. */
export const brokerRestart: Scenario = {
  name: "broker-restart",
  title: "the broker is killed and comes back: jobs run on, and nobody gets one twice",
  description:
    "The broker is killed (SIGKILL) while an agent works for it, and is back before a lease runs out. The agent works on " +
    "meanwhile and is believed afterwards: each job was handed out once, and every result is right.",
  requirements: ["WC-11"],
  tags: ["broker", "fault"],
  stages: ["host", "netns", "sim"],
  store: "sqlite",
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  // On a busy machine its start takes seconds, and whoever cannot renew a lease in time has to stop.
  timing: { ...briskTiming, leaseTtlMs: 60_000 },
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 100, unitCpuMs: 15, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "kill-broker", downMs },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ jobs }) => [
    { checker: "jobs-settled", settings: { startedMin: jobs, completedAll: 1 } },
    { checker: "granted-once" },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdrawal-measured" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ],
};
