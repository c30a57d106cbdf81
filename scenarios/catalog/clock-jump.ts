import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;
const leaseTtlMs = 12_000;
/**
 * Seven lives of a lease, and within what two clocks may differ by, so that the agent goes by its own and not by the
 * broker's.
 */
const byMs = 90_000;
/** By when a lease has ended whose holder is dead, and long before the clock would say so that was set back. */
const overWithinMs = leaseTtlMs + 30_000;

/** I1; docs/cases.md, case 10: nobody's lease ends early, or never, because a wall clock was set. */
export const clockJump: Scenario = {
  name: "clock-jump",
  title: "wall clocks jump by minutes: no lease ends early, and none lives for ever",
  description:
    "The broker's wall clock is set back by seven lives of a lease while an agent works for it, and shows when it comes " +
    "back from a kill: the jobs run on under their first grants, and so do those that it grants by that clock. Then the " +
    "agent is killed at work and the broker's clock set back once more: the leases end when their time is over, and not " +
    "minutes later. The agent comes back with a clock that is ahead and is granted those jobs again; every result is right.",
  requirements: ["WC-11", "WC-1"],
  tags: ["clock", "lease", "fault"],
  stages: ["host", "sim"],
  store: "sqlite",
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: { ...briskTiming, leaseTtlMs },
  steps: ({ slots, jobs }) => {
    const held = Math.min(slots, jobs);
    const atWork: Step = { step: "await-busy", agent: "donor", sandboxes: held, withinMs: 60_000 };
    const submitted = (batch: string): Step => ({
      ...{ step: "submit", batch, jobs, units: 100, unitCpuMs: 20, children: 0 },
    });
    const done = (batch: string): Step[] => [
      { step: "await-settled", batch, withinMs: 300_000, perJobMs },
      { step: "verify-results", batch },
    ];
    const setBack = (jumps: number): Step[] => [
      { step: "fault", fault: { kind: "jump-clock", process: "broker", byMs: -jumps * byMs } },
      { step: "kill-broker", downMs: 100 },
    ];
    return [
      { step: "start-broker" },
      { step: "join", agent: "donor", slots },
      ...[submitted("at-work"), atWork, ...setBack(1), ...done("at-work")],
      ...[submitted("left-alone"), atWork, { step: "kill", agent: "donor" } as const],
      // It shows with the next start, which has it further back and not forward.
      ...[{ step: "heal", fault: "jump-clock" } as const, ...setBack(2)],
      {
        ...{ step: "wait-until", event: "broker.released", where: { how: "agent-lost" }, agent: "donor" },
        ...{ count: held, withinMs: overWithinMs },
      },
      { step: "fault", fault: { kind: "jump-clock", process: "donor", byMs }, as: "ahead" },
      { step: "restart", agent: "donor", withinMs: 60_000 },
      ...done("left-alone"),
      { step: "heal" },
      { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
      { step: "use-revoked-key", agent: "donor" },
    ];
  },
  expectations: ({ slots, jobs }) => [
    { checker: "granted-once", settings: { again: Math.min(slots, jobs) } },
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
