import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

/** I1, I3; docs/cases.md, case 69: a Redis that comes back without its last commits, or with nothing, under a live broker. */
export const storeServerForgets: Scenario = {
  name: "store-server-forgets",
  title: "the broker's Redis falls back to an older snapshot, then forgets everything: the broker brings it all back",
  description:
    "While an agent works, the Redis server of the broker's store is killed and comes back with a snapshot from before the " +
    "grants; later it forgets everything that it holds. The broker, which runs on, writes everything anew each time, so that " +
    "it can be killed and come back with the same jobs, of which none is lost or done for two.",
  requirements: ["WC-4", "WC-11", "OR-2", "OR-3"],
  tags: ["store", "broker", "fault"],
  stages: ["host"],
  store: "redis",
  defaults: { slots: 1, jobs: 2, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "keep-store", as: "early" },
    { step: "submit", batch: "work", jobs, units: 60, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "fault", fault: { kind: "rollback-store", to: "early" } },
    { step: "heal", fault: "rollback-store" },
    { step: "fault", fault: { kind: "flush-store" } },
    { step: "heal", fault: "flush-store" },
    // What it has not written anew is lost now.
    { step: "fault", fault: { kind: "kill-process", process: "broker" } },
    { step: "heal", fault: "kill-process" },
    { step: "await-settled", batch: "work", withinMs: 120_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ jobs }) => [
    { checker: "no-lost-job" },
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
