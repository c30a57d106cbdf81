import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

/** So long, and the grace with it, that a job which heeds TERM has ended long before it would be killed. */
const withdrawDeadlineMs = 60_000;
const graceMs = 8_000;

const asks = 3;

/** WC-11, EG-2: however many ask, the agent leaves once, and whoever asked is told. */
export const withdrawTwice: Scenario = {
  name: "withdraw-twice",
  title: "several ask for the withdrawal at once: it happens once, and all are told the same",
  description:
    "Three owners' commands ask an agent at work to withdraw in the same moment. It leaves once: every job goes back " +
    "once, one report is made, and each of the three is answered with it. Its jobs heed TERM, and none has to be killed.",
  requirements: ["WC-4", "WC-11", "WC-16"],
  tags: ["withdraw", "race"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  timing: { ...briskTiming, terminateGraceMs: graceMs, leaseTtlMs: 60_000 },
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "endless", jobs, units: 1_000_000, unitCpuMs: 5, children: 1 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 20_000 },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs, asks },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ slots, jobs }) => [
    {
      checker: "jobs-settled",
      settings: { startedMin: Math.min(slots, jobs), handedBackMin: Math.min(slots, jobs) },
    },
    { checker: "grace-given", settings: { graceMs: 1, mostMs: graceMs - 1 } },
    { checker: "checkpoint-progress" },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "withdrawal-measured" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ],
};
