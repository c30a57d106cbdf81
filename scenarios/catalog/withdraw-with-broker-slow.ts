import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { underFault } from "../steps/under-fault.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 6_000;
/** Each way: what is asked is answered after twice as long, and a withdrawal asks several things. */
const latencyMs = 400;

/** L1: a broker that takes its time gets what it is given of the deadline, and no more. */
export const withdrawWithBrokerSlow: Scenario = {
  name: "withdraw-with-broker-slow",
  title: "withdraw while the broker answers late: it ends in time, and everything is handed over all the same",
  description:
    "Everything between an agent at work and its broker takes its time, both ways, when the agent is to withdraw. It ends " +
    "within its deadline; the jobs go back with their checkpoints, the key is revoked, and a relief agent ends the work.",
  requirements: ["WC-4", "WC-11"],
  tags: ["withdraw", "broker", "fault"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots, link: true },
    { step: "submit", batch: "work", jobs, units: 40, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    ...underFault({ kind: "disturb-link", agent: "donor", toxic: { type: "latency", latencyMs } }, [
      { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    ]),
    { step: "use-revoked-key", agent: "donor" },
    { step: "join", agent: "relief", slots },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "relief", deadlineMs: 10_000 },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "withdrawal-bound" },
    { checker: "withdrawal-measured", settings: { reportsMin: 2 } },
    {
      checker: "jobs-settled",
      settings: { startedMin: jobs, handedBackMin: Math.min(slots, jobs), completedAll: 1 },
    },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "progress-kept" },
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
