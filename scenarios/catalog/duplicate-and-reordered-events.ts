import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";
import { underFault } from "../steps/under-fault.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;
const withinMs = 60_000;
const agent = "donor";
/** A stream that was silent for twice as long is dead. */
const eventHeartbeatMs = 600;

const told = (command: "pause" | "resume"): Step => ({ step: "command", agent, command });
const frozen = (count: number): Step => ({ step: "wait-until", event: "agent.frozen", agent, count, withinMs });
const thawed = (count: number): Step => ({ step: "wait-until", event: "agent.thawed", agent, count, withinMs });

/** So long that two events have come: a command that has no effect is told by nobody. */
const bothCome: Step = { step: "wait", forMs: 500 };
const is = (state: "Working" | "Paused"): Step => ({ step: "probe", holds: { fact: "state", agent, is: state } });
const swapped = (as: string, steps: readonly Step[]): Step[] =>
  underFault({ kind: "misbehave-broker", rule: { kind: "reorder-events" }, agent }, steps, as);

/**
 * The broker takes it for sent. Its stream is silent for so long that the agent gives it up; the next one has to bring
 * it.
 */
const lostOnTheWay = (command: "pause" | "resume"): Step[] =>
  underFault({ kind: "disturb-link", agent, toxic: { type: "blackhole" }, direction: "to-agent" }, [
    told(command),
    { step: "wait", forMs: 2 * eventHeartbeatMs + 300 },
  ]);

/**
 * I10: an event stream may say things twice, in the wrong order, or to nobody; a command is carried out once, and the
 * last one holds. In virtual time the second copy of an event comes later, when others may have come.
 */
export const duplicateAndReorderedEvents: Scenario = {
  name: "duplicate-and-reordered-events",
  title: "events come twice and out of order: each command takes effect once, and the last one holds",
  description:
    "The broker sends an agent at work every event twice while it is told to pause and to go on: each command takes effect " +
    "once. Then it sends events in the wrong order: a resume overtakes the pause before it, and the agent goes on all the " +
    "same, because a command that comes after a later one is over; and a pause overtakes the resume before it, and the " +
    "agent stays paused. The last resume is lost with the stream that it was sent on, and the next one brings it. The " +
    "jobs end with the right results.",
  requirements: ["WC-2", "WC-3", "EG-1"],
  tags: ["events", "broker", "fault"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 1, jobs: 1, cycles: 2 },
  timing: { ...briskTiming, eventHeartbeatMs },
  steps: ({ slots, jobs, cycles }) => [
    { step: "start-broker" },
    { step: "join", agent, slots, link: true },
    { step: "submit", batch: "work", jobs, units: 300, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent, sandboxes: Math.min(slots, jobs), withinMs },
    ...underFault(
      { kind: "misbehave-broker", rule: { kind: "duplicate-events" }, agent },
      Array.from({ length: cycles }, (_, index) => [
        told("pause"),
        frozen(index + 1),
        told("resume"),
        thawed(index + 1),
      ]).flat(),
      "twice",
    ),
    ...swapped("resume-first", [told("pause"), told("resume"), bothCome, is("Working")]),
    ...[told("pause"), frozen(cycles + 1)],
    ...swapped("pause-first", [told("resume"), told("pause"), bothCome, is("Paused")]),
    ...[...lostOnTheWay("resume"), thawed(cycles + 1)],
    { step: "await-settled", batch: "work", withinMs, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent, deadlineMs: withdrawDeadlineMs },
  ],
  expectations: ({ jobs }) => [
    { checker: "command-once" },
    { checker: "jobs-settled", settings: { startedMin: jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "completion-once" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
  ],
};
