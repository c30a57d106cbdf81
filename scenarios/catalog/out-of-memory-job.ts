import { perJobMs } from "../steps/per-job-ms.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";
import { expectedOfLeaving } from "./expected-of-leaving.ts";

const withdrawDeadlineMs = 10_000;
/** Agent, enclosure and jobs together. */
const memoryMib = 512;

/** WC-11, OR-1; docs/cases.md, case 54. */
export const outOfMemoryJob: Scenario = {
  name: "out-of-memory-job",
  title: "a job takes all memory and is ended for it: it fails once, and its agent goes on with others",
  description:
    "A job takes memory until the kernel ends it, in a cgroup whose limit holds it and its agent together. The job fails " +
    "and is given to nobody else; the agent is told from its jobs, stays, and does its next jobs right.",
  requirements: ["WC-4", "WC-12"],
  tags: ["hostile", "memory"],
  stages: ["host", "netns", "sim"],
  needs: ["memory-limit"],
  hurts: `Up to ${memoryMib} MiB of memory, in a cgroup with that limit.`,
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots, cage: { memoryMib } },
    {
      ...{ step: "submit", batch: "hungry", jobs: 1, units: 40, unitCpuMs: 20, children: 0 },
      behaviour: "exhausts-memory",
    },
    { step: "await-misbehaviour", agent: "donor", behaviour: "exhausts-memory", jobs: 1, withinMs: 60_000 },
    { step: "await-settled", batch: "hungry", withinMs: 60_000, perJobMs },
    { step: "probe", holds: { fact: "jobs", batch: "hungry", state: "failed", min: 1 } },
    { step: "submit", batch: "work", jobs, units: 10, unitCpuMs: 10, children: 0 },
    { step: "await-settled", batch: "work", withinMs: 300_000, perJobMs },
    { step: "verify-results", batch: "work" },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ jobs }) => [
    { checker: "misbehaviour-seen", settings: { behaviour: "exhausts-memory", jobsMin: 1 } },
    { checker: "granted-once" },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "completion-once" },
    ...expectedOfLeaving(),
  ],
};
