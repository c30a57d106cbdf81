import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";
import { expectedOfLeaving } from "./expected-of-leaving.ts";

const withdrawDeadlineMs = 10_000;
/** Agent, enclosure and bomb together. */
const processesMax = 250;

/** WC-10, WC-11; docs/cases.md, case 32. Only on real hosts: a modelled job has as many processes as it was given. */
export const jobForkBombs: Scenario = {
  name: "job-fork-bombs",
  title: "a fork bomb takes every process that there is: the owner pauses and leaves all the same",
  description:
    "A job forks without end, in a cgroup whose limit of processes holds it and its agent together, until the kernel has " +
    "refused it processes. The owner pauses the host, sees that nothing runs, lets it go on, and withdraws; nothing is " +
    "left, and the agent, which had no process to spare either, did all of it.",
  requirements: ["WC-4", "WC-10", "WC-11"],
  tags: ["withdraw", "pause", "hostile"],
  stages: ["host", "netns"],
  needs: ["process-limit"],
  hurts: `A fork bomb: up to ${processesMax} processes, in a cgroup with that limit, each of which ends by itself.`,
  hostWide: true,
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots, cage: { processesMax } },
    {
      ...{ step: "submit", batch: "bomb", jobs, units: 1_000_000, unitCpuMs: 5, children: 0 },
      behaviour: "fork-bombs",
    },
    { step: "await-misbehaviour", agent: "donor", behaviour: "fork-bombs", jobs: 1, withinMs: 60_000 },
    { step: "pause", agent: "donor" },
    { step: "watch-frozen", agent: "donor", forMs: 300 },
    { step: "resume", agent: "donor" },
    { step: "await-misbehaviour", agent: "donor", behaviour: "fork-bombs", jobs: 1, withinMs: 60_000 },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "find-survivors", agent: "donor" },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "misbehaviour-seen", settings: { behaviour: "fork-bombs", jobsMin: 2, processesMin: 50 } },
    { checker: "pause-silence" },
    { checker: "none-outlive", settings: { watchedMin: 50 } },
    { checker: "jobs-settled", settings: { startedMin: Math.min(slots, jobs), handedBackMin: Math.min(slots, jobs) } },
    ...expectedOfLeaving(),
  ],
};
