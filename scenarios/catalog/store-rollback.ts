import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

/** I1, I2; docs/cases.md, case 9: a broker that was restored from an older copy does not know what it has granted since. */
export const storeRollback: Scenario = {
  name: "store-rollback",
  title: "the broker comes back with an older store: epochs go on growing, and no job is done for two",
  description:
    "The store is kept when jobs are queued and the agent, which is paused, holds none. It goes on and works; then the broker is killed " +
    "and comes back with the store as it was. It grants the jobs again, under epochs that no earlier grant had, each is " +
    "completed once with the right result, and the agent withdraws clean.",
  requirements: ["WC-4", "OR-2"],
  tags: ["store", "broker", "fault"],
  stages: ["host", "sim"],
  store: "sqlite",
  defaults: { slots: 1, jobs: 2, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "pause", agent: "donor" },
    { step: "submit", batch: "work", jobs, units: 30, unitCpuMs: 10, children: 0 },
    // What is told is in the store.
    { step: "wait-until", event: "broker.job", where: { to: "queued" }, count: jobs, withinMs: 60_000 },
    { step: "keep-store", as: "early" },
    { step: "resume", agent: "donor" },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "fault", fault: { kind: "lose-store", to: "early" } },
    { step: "heal", fault: "lose-store" },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ jobs }) => [
    { checker: "epochs-grow" },
    { checker: "jobs-settled", settings: { startedMin: jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "withdrawal-measured" },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "completion-once" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ],
};
