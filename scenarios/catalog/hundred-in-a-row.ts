import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;

/** WC-15. */
export const hundredInARow: Scenario = {
  name: "hundred-in-a-row",
  title: "join, one trivial job, its right result, withdraw: a hundred times in a row",
  description:
    "A hundred agents, one after the other, join a broker, take one trivial job each, hand in its right result, and " +
    "withdraw. Each has a home and a key of its own, so that a hundred times nothing is left and a hundred keys are dead.",
  requirements: ["WC-4", "WC-15"],
  tags: ["lifecycle", "long"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 1, jobs: 1, cycles: 100 },
  timing: briskTiming,
  steps: ({ slots, jobs, cycles }) => [
    { step: "start-broker" },
    ...Array.from({ length: cycles }, (_, index) => round(index + 1, { slots, jobs })).flat(),
  ],
  expectations: ({ jobs, cycles }) => [
    { checker: "jobs-settled", settings: { startedMin: jobs * cycles, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs * cycles } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "completion-once" },
    { checker: "withdrawal-measured", settings: { reportsMin: cycles } },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ],
};

function round(number: number, { slots, jobs }: { readonly slots: number; readonly jobs: number }): Step[] {
  const [agent, batch] = [`guest-${number}`, `work-${number}`];
  return [
    { step: "join", agent, slots },
    { step: "submit", batch, jobs, units: 2, unitCpuMs: 2, children: 0 },
    { step: "await-settled", batch, withinMs: 60_000, perJobMs },
    { step: "verify-results", batch },
    { step: "withdraw", agent, deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent },
  ];
}
