import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";
import { expectedOfLeaving } from "./expected-of-leaving.ts";

const withdrawDeadlineMs = 10_000;
const heartbeatIntervalMs = 300;
const activityTimeoutMs = 2_500;
/** Their jitter left out, so many take longer than the broker's patience. */
const beats = 12;

/** EG-3; docs/cases.md, case 55. */
export const backpressureHeartbeat: Scenario = {
  name: "backpressure-heartbeat",
  title: "every slot is busy and jobs queue up: the agent goes on signalling, and is not taken for lost",
  description:
    "All slots of a donor are busy for longer than its broker has patience with a silent agent, and more jobs wait than " +
    "it has slots. It signals all the time that it lives and has no slot free, keeps its leases. A job that the operator cancels is " +
    "stopped, and its slot goes to the next; the agent gives everything back when it leaves.",
  requirements: ["EG-3", "WC-1"],
  tags: ["heartbeat", "load"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 6, cycles: 1 },
  timing: { ...briskTiming, heartbeatIntervalMs, activityTimeoutMs, requestTimeoutMs: 1_500 },
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "submit", batch: "endless", jobs: moreThan(slots, jobs), units: 1_000_000, unitCpuMs: 5, children: 1 },
    { step: "await-busy", agent: "donor", sandboxes: slots, withinMs: 60_000 },
    {
      ...{ step: "wait-until", event: "broker.heartbeat", where: { slotsFree: 0, state: "Working" } },
      ...{ agent: "donor", count: beats, withinMs: 60_000 },
    },
    { step: "probe", holds: { fact: "leases", agent: "donor", min: slots, max: slots } },
    { step: "probe", holds: { fact: "jobs", batch: "endless", state: "queued", min: moreThan(slots, jobs) - slots } },
    { step: "cancel", batch: "endless", agent: "donor", jobs: 1 },
    {
      ...{ step: "wait-until", event: "agent.execution", where: { to: "killed" } },
      ...{ agent: "donor", withinMs: 60_000 },
    },
    {
      ...{ step: "wait-until", event: "broker.leased", agent: "donor" },
      ...{ count: slots + 1, withinMs: 60_000 },
    },
    { step: "await-busy", agent: "donor", sandboxes: slots, withinMs: 60_000 },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ slots }) => [
    {
      checker: "heartbeats-while-busy",
      settings: { busyMsMin: activityTimeoutMs, silenceMsMax: activityTimeoutMs },
    },
    { checker: "granted-once" },
    // Half of its interval: its timer may be late for one, and on time for the next.
    { checker: "wake-truth", settings: { heartbeatIntervalMs: heartbeatIntervalMs / 2 } },
    { checker: "jobs-settled", settings: { startedMin: slots + 1, handedBackMin: slots, cancelled: 1 } },
    ...expectedOfLeaving(),
  ],
};

/** As many jobs as are wanted, and one at least that finds no slot. */
function moreThan(slots: number, jobs: number): number {
  return Math.max(jobs, slots + 1);
}
