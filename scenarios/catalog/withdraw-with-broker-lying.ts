import { routes } from "../../protocol/routes.ts";
import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { underFault } from "../steps/under-fault.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 4_000;

/**
 * WC-16: a report says what was measured. On the host alone: a modelled line may lose an answer, and changes none of its
 * words.
 */
export const withdrawWithBrokerLying: Scenario = {
  name: "withdraw-with-broker-lying",
  title: "the broker does what it is asked and says that it failed: the agent leaves in time and claims nothing",
  description:
    "The broker takes an agent's withdrawal, revokes its key and queues its jobs again, and answers each time that it " +
    "could not. The agent tries again for as long as it may, is gone within its deadline, and reports the revocation as " +
    "deferred; in truth the key is dead, and a relief agent ends the jobs.",
  requirements: ["WC-4", "WC-11", "WC-16"],
  tags: ["withdraw", "broker", "fault"],
  stages: ["host"],
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "work", jobs, units: 20, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    ...underFault(
      {
        ...{ kind: "misbehave-broker", route: `POST ${routes.withdraw}` },
        rule: { kind: "status", status: 500, code: "internal", phase: "answer" },
      },
      [{ step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs }],
    ),
    { step: "use-revoked-key", agent: "donor" },
    { step: "join", agent: "relief", slots },
    { step: "await-settled", batch: "work", withinMs: 60_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "relief", deadlineMs: 10_000 },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "deferred-told" },
    { checker: "withdrawal-bound" },
    { checker: "key-revoked" },
    {
      checker: "jobs-settled",
      settings: { startedMin: jobs, handedBackMin: Math.min(slots, jobs), completedAll: 1 },
    },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "completion-once" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
  ],
};
