import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;
/**
 * Within what two clocks may differ by, so that the agent goes by its own and not by the broker's, and well beyond every
 * other time of the fleet.
 */
const byMs = 120_000;

/** I1; docs/cases.md, case 10: nobody's lease ends early, or never, because a wall clock was set. */
export const clockJump: Scenario = {
  name: "clock-jump",
  title: "wall clocks jump by minutes: no lease ends early, and none lives for ever",
  description:
    "The broker's wall clock is set back while an agent works for it, and shows when it comes back from a kill; later " +
    "the agent's is set forward, and shows when that was started again. Leases are counted by steady time: the jobs run " +
    "on under their first grants, every result is right, and the withdrawal ends in time.",
  requirements: ["WC-11", "WC-1"],
  tags: ["clock", "lease", "fault"],
  stages: ["host", "sim"],
  store: "sqlite",
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: { ...briskTiming, leaseTtlMs: 60_000 },
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "first", jobs, units: 30, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    { step: "fault", fault: { kind: "jump-clock", process: "broker", byMs: -byMs } },
    { step: "kill-broker", downMs: 100 },
    { step: "await-settled", batch: "first", withinMs: 60_000 },
    { step: "verify-results", batch: "first" },
    { step: "heal", fault: "jump-clock" },
    { step: "fault", fault: { kind: "jump-clock", process: "donor", byMs } },
    { step: "kill", agent: "donor" },
    { step: "restart", agent: "donor", withinMs: 60_000 },
    { step: "submit", batch: "second", jobs, units: 10, unitCpuMs: 10, children: 0 },
    { step: "await-settled", batch: "second", withinMs: 60_000 },
    { step: "verify-results", batch: "second" },
    { step: "heal", fault: "jump-clock" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ jobs }) => [
    { checker: "granted-once" },
    { checker: "jobs-settled", settings: { startedMin: 2 * jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: 2 * jobs } },
    { checker: "withdrawal-measured" },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "completion-once" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "key-revoked" },
  ],
};
