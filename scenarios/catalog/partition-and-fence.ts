import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario, ScenarioKnobs } from "../steps/scenario.ts";
import { limits } from "../../foundation/limits.ts";
import { swiftTiming } from "./swift-timing.ts";

const withdrawDeadlineMs = 10_000;

/** I1, I2: whoever is cut off gives its work up before anybody else gets it; docs/cases.md, cases 3 and 4. */
export const partitionAndFence: Scenario = {
  name: "partition-and-fence",
  title: "an agent is cut off from its broker: it gives its jobs up by its own clock, before another gets them",
  description:
    "The line between a busy agent and its broker goes dead, both ways. The agent cannot renew its leases and ends its " +
    "jobs by itself before those are over; then they are granted to a relief agent, which finishes them. When the line is " +
    "whole again the first is heard and given other jobs: each job is completed once, and both agents leave nothing.",
  requirements: ["WC-1", "WC-13"],
  tags: ["lease", "fencing", "fault", "partition"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  // A holder has the last fifth of a lease to end its jobs, also on a machine that is busy.
  // Where it is so busy that the relief loses a lease too, what was done under that is not lost.
  timing: { ...swiftTiming, leaseTtlMs: 4_000, checkpointIntervalMs: 1_000 },
  steps: (knobs) => {
    const { jobs } = knobs;
    const { room, held, relief } = cast(knobs);
    return [
      { step: "start-broker" },
      { step: "join", agent: "donor", slots: room, link: true },
      { step: "submit", batch: "work", jobs, units: 260, unitCpuMs: 20, children: 0 },
      { step: "await-busy", agent: "donor", sandboxes: held, withinMs: 60_000 },
      { step: "join", agent: "relief", slots: relief },
      { step: "fault", fault: { kind: "disturb-link", agent: "donor", toxic: { type: "blackhole" } } },
      {
        ...{ step: "wait-until", event: "broker.released", where: { how: "agent-lost" }, agent: "donor" },
        ...{ count: held, withinMs: 60_000 },
      },
      { step: "probe", holds: { fact: "sandboxes-running", agent: "donor", max: 0 } },
      { step: "find-survivors", agent: "donor" },
      { step: "wait-until", event: "broker.leased", agent: "relief", count: jobs, withinMs: 300_000 },
      { step: "heal", fault: "disturb-link" },
      { step: "eventually-within", withinMs: 60_000, holds: { fact: "broker-heard", agent: "donor", is: true } },
      // More than the relief has room for, so that the first is needed again.
      { step: "submit", batch: "after", jobs: room + relief, units: 40, unitCpuMs: 10, children: 0 },
      { step: "eventually-within", withinMs: 60_000, holds: { fact: "leases", agent: "donor", min: 1 } },
      { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
      { step: "await-settled", batch: "after", withinMs: 300_000, perJobMs },
      { step: "verify-results", batch: "work" },
      { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
      { step: "withdraw", agent: "relief", deadlineMs: withdrawDeadlineMs },
      { step: "use-revoked-key", agent: "donor" },
    ];
  },
  expectations: (knobs) => {
    const { jobs } = knobs;
    const { room, held, relief } = cast(knobs);
    return [
      { checker: "ended-in-lease", settings: { leasesMin: held } },
      { checker: "none-outlive", settings: { watchedMin: held } },
      { checker: "jobs-settled", settings: { startedMin: jobs + room + relief, completedAll: 1 } },
      { checker: "results-correct", settings: { resultsMin: jobs } },
      { checker: "transitions" },
      { checker: "lease-exclusivity" },
      { checker: "fencing" },
      { checker: "no-lost-job" },
      { checker: "completion-once" },
      { checker: "withdrawal-measured", settings: { reportsMin: 2 } },
      { checker: "withdraw-complete" },
      { checker: "ledger-conservation" },
      { checker: "key-revoked" },
    ];
  },
};

/** The relief has room for every job that the first loses; that one has a slot to spare, so that it is offered more. */
function cast({ slots, jobs }: ScenarioKnobs): {
  readonly room: number;
  readonly held: number;
  readonly relief: number;
} {
  const room = Math.min(slots + 1, limits.slotsMax);
  return { room, held: Math.min(room, jobs), relief: Math.min(Math.max(room, jobs), limits.slotsMax) };
}
