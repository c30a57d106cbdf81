import { limits } from "../../foundation/limits.ts";
import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";
import { briskTiming } from "./brisk-timing.ts";
import { expectedOfLeaving } from "./expected-of-leaving.ts";
import { oneWaits } from "./one-waits.ts";

const withdrawDeadlineMs = 10_000;
/** Jobs that ignore TERM hold the withdrawal up for as long: time enough to ask for a pause while it goes on. */
const graceMs = 750;

/** One that works while another is on its way. */
const room = (slots: number): number => Math.min(Math.max(slots, 2), limits.slotsMax);

const one: Step = { step: "submit", batch: "work", jobs: 1, units: 60, unitCpuMs: 15, children: 0 };
const told = (event: "broker.offered" | "broker.leased"): Step => ({
  ...{ step: "wait-until", event, agent: "newcomer", count: 2, withinMs: 60_000 },
});

/**
 * The broker has offered a job, and then leased it, when the pause is asked for (docs/cases.md, case 21). Where time is
 * virtual the agent does not know of it yet; on a host it may be further, and is right all the same.
 */
const betweenOfferAndStart: readonly Step[] = [
  one,
  { step: "await-busy", agent: "newcomer", sandboxes: 1, withinMs: 60_000 },
  one,
  told("broker.offered"),
  { step: "pause", agent: "newcomer" },
  { step: "resume", agent: "newcomer" },
  told("broker.leased"),
  { step: "pause", agent: "newcomer" },
  { step: "watch-frozen", agent: "newcomer", forMs: 200 },
  { step: "resume", agent: "newcomer" },
  { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
];

/** WC-2, WC-5, WC-11. */
export const pauseAtEveryState: Scenario = {
  name: "pause-at-every-state",
  title: "the owner asks for a pause in every state that there is, and has the answer of the table",
  description:
    "An agent is asked to pause while its broker has not let it in, which it remembers and does once it is, while it is " +
    "paused already, and while it is idle; then with an offer on its way, which it declines, and with a job that it has " +
    "taken and not started, which it starts when it goes on. Another is asked while it works, and while it withdraws, " +
    "which it refuses by name and goes on with. Nothing runs in any of the pauses.",
  requirements: ["WC-2", "WC-3", "WC-5", "WC-11"],
  tags: ["pause", "states"],
  stages: ["host", "netns", "sim"],
  store: "sqlite",
  defaults: { slots: 2, jobs: 3, cycles: 1 },
  timing: { ...briskTiming, terminateGraceMs: graceMs },
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "kill-broker" },
    { step: "begin-joining", agent: "newcomer", slots: room(slots), withinMs: 60_000 },
    { step: "pause", agent: "newcomer" },
    { step: "start-broker" },
    { step: "eventually-within", withinMs: 60_000, holds: { fact: "state", agent: "newcomer", is: "Paused" } },
    { step: "pause", agent: "newcomer" },
    { step: "resume", agent: "newcomer" },
    { step: "probe", holds: { fact: "state", agent: "newcomer", is: "Idle" } },
    { step: "pause", agent: "newcomer" },
    { step: "resume", agent: "newcomer" },
    ...betweenOfferAndStart,
    { step: "withdraw", agent: "newcomer", deadlineMs: withdrawDeadlineMs },
    { step: "join", agent: "donor", slots },
    {
      ...{
        step: "submit",
        batch: "deaf",
        jobs: oneWaits({ slots, jobs }).submitted,
        units: 1_000_000,
        unitCpuMs: 5,
        children: 0,
      },
      behaviour: "ignores-sigterm",
    },
    {
      ...{ step: "await-misbehaviour", agent: "donor", behaviour: "ignores-sigterm" },
      ...{ jobs: slots, withinMs: 60_000 },
    },
    // A job's process is there a moment before its agent hears that it is.
    { step: "eventually-within", withinMs: 60_000, holds: { fact: "state", agent: "donor", is: "Working" } },
    { step: "pause", agent: "donor" },
    { step: "watch-frozen", agent: "donor", forMs: 200 },
    { step: "resume", agent: "donor" },
    {
      step: "together",
      branches: [
        [{ step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs }],
        [
          {
            ...{ step: "wait-until", event: "agent.state", where: { to: "Withdrawing" } },
            ...{ agent: "donor", withinMs: 60_000 },
          },
          { step: "pause", agent: "donor", refused: true },
        ],
      ],
    },
    { step: "find-survivors", agent: "donor" },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "paused-in-states", settings: { states: "Enrolling,Idle,Working,Paused,Withdrawing" } },
    { checker: "pause-silence" },
    { checker: "no-intake", settings: { queuedMin: oneWaits({ slots, jobs }).waiting } },
    { checker: "none-outlive" },
    { checker: "jobs-settled", settings: { startedMin: slots + 2, handedBackMin: slots } },
    { checker: "checkpoint-progress" },
    ...expectedOfLeaving({ reportsMin: 2 }),
  ],
};
