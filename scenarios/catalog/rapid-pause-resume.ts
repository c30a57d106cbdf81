import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";
import { oneWaits } from "./one-waits.ts";

const withdrawDeadlineMs = 10_000;

/** WC-9, WC-11; docs/cases.md, cases 21 and 22. */
export const rapidPauseResume: Scenario = {
  name: "rapid-pause-resume",
  title: "pause and resume in close order while every slot is busy",
  description:
    "An agent whose every slot burns CPU and forks is paused and resumed as fast as it answers, at least a hundred " +
    "times. Each freeze is timed from outside, from the request to the moment when /proc or the cgroup shows every " +
    "process stopped, and nothing may run until the resume. Then it withdraws in the middle of its work.",
  requirements: ["WC-9", "WC-11", "US-1"],
  tags: ["pause", "load"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 3, jobs: 6, cycles: 100 },
  timing: briskTiming,
  steps: ({ slots, jobs, cycles }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    {
      step: "submit",
      batch: "endless",
      jobs: oneWaits({ slots, jobs }).submitted,
      units: 1_000_000,
      unitCpuMs: 5,
      children: 2,
    },
    { step: "await-busy", agent: "donor", sandboxes: slots, withinMs: 30_000 },
    { step: "pause-resume-cycles", agent: "donor", cycles },
    { step: "await-busy", agent: "donor", sandboxes: slots, withinMs: 30_000 },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ slots, jobs, cycles }) => [
    { checker: "freeze-latency", settings: { freezesMin: cycles } },
    { checker: "pause-silence" },
    {
      checker: "jobs-settled",
      settings: { startedMin: slots, handedBackMin: slots },
    },
    { checker: "no-intake", settings: { queuedMin: oneWaits({ slots, jobs }).waiting } },
    { checker: "progress-kept" },
    { checker: "checkpoint-progress" },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "fencing" },
    { checker: "no-lost-job" },
    { checker: "withdrawal-measured" },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "shutdown-once" },
    { checker: "key-revoked" },
  ],
};
