import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { underFault } from "../steps/under-fault.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

/**
 * WC-11. On the host alone: a modelled process opens no files. The first job runs on until the agent can open files again:
 * what ends while it cannot may end the agent too, whose next start puts that in order.
 */
export const outOfDescriptors: Scenario = {
  name: "out-of-descriptors",
  title: "the agent can open nothing more for a while: it lives on, and works and leaves as ever afterwards",
  description:
    "An agent at work has no file descriptor left when more work comes. It neither ends nor loses a job: when it can open " +
    "files again it goes on, every job ends with the right result, and it withdraws clean.",
  requirements: ["WC-4", "WC-11"],
  tags: ["descriptors", "fault"],
  stages: ["host"],
  defaults: { slots: 2, jobs: 1, cycles: 1 },
  timing: { ...briskTiming, leaseTtlMs: 20_000, startAgainAfterMs: 1_000 },
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "first", jobs, units: 150, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    ...underFault({ kind: "limit-descriptors", process: "donor", spare: 0 }, [
      { step: "submit", batch: "second", jobs, units: 10, unitCpuMs: 10, children: 0 },
      { step: "wait", forMs: 1_000 },
      { step: "probe", holds: { fact: "process", agent: "donor", is: "running" } },
    ]),
    { step: "await-settled", batch: "first", withinMs: 300_000, perJobMs },
    { step: "await-settled", batch: "second", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "first" },
    { step: "verify-results", batch: "second" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ jobs }) => [
    { checker: "no-lost-job", settings: { completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: 2 * jobs } },
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
