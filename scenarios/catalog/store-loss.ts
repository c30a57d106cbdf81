import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

/** L1, I7: whatever the broker has forgotten, the donor's host gets its own back, and lends itself anew if it likes. */
export const storeLoss: Scenario = {
  name: "store-loss",
  title:
    "the broker comes back with an empty store: nothing it does not know is done for it, and new work goes its way",
  description:
    "The broker is killed while an agent works for it, and comes back knowing nobody and nothing. The agent hears that it " +
    "is unknown, joins again with its key, gives the forgotten jobs up, and ends new ones with the right results. It " +
    "withdraws clean.",
  requirements: ["WC-4", "WC-11", "OR-2"],
  tags: ["store", "broker", "fault"],
  stages: ["host", "sim"],
  store: "sqlite",
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  // Far longer than anything here is waited for: what the broker has forgotten is given up because it says so.
  timing: { ...briskTiming, leaseTtlMs: 300_000 },
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "forgotten", jobs, units: 1_000_000, unitCpuMs: 5, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "pause", agent: "donor" },
    { step: "fault", fault: { kind: "lose-store" } },
    { step: "heal", fault: "lose-store" },
    { step: "wait-until", event: "broker.enrolled", agent: "donor", count: 2, withinMs: 60_000 },
    // Until the agent has heard of it, too, and a heartbeat after it.
    { step: "wait", forMs: 1_000 },
    { step: "probe", holds: { fact: "state", agent: "donor", is: "Paused" } },
    { step: "resume", agent: "donor" },
    { step: "submit", batch: "work", jobs, units: 10, unitCpuMs: 10, children: 0 },
    { step: "await-settled", batch: "work", withinMs: 60_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "probe", holds: { fact: "sandboxes-running", agent: "donor", max: 0 } },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ jobs }) => [
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
