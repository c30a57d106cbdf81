import { underFault } from "../steps/under-fault.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";
import { expectedOfLeaving } from "./expected-of-leaving.ts";
import { oneWaits } from "./one-waits.ts";

const withdrawDeadlineMs = 10_000;
/** What a freeze may take of the agent's time on a host that has none to spare. */
const freezeMsMax = 1_000;

/** WC-9, WC-10, WC-11, L4. Only on real hosts: nothing in virtual time is late for want of a processor. */
export const cpuAndIoStorm: Scenario = {
  name: "cpu-and-io-storm",
  title: "a storm of computing, memory and files beside everything: pause, resume and withdraw all the same",
  description:
    "While stress-ng keeps every processor and the disk busy, an agent at work is paused and resumed several times and " +
    "withdraws in time, with a checkpoint of every job. Each freeze is seen from outside, and nothing runs in it.",
  requirements: ["WC-9", "WC-10", "WC-11"],
  tags: ["load", "fault", "pause"],
  stages: ["host"],
  hurts: "Every processor and the disk are busy for up to half a minute, by processes in a cgroup of their own.",
  hostWide: true,
  defaults: { slots: 2, jobs: 3, cycles: 3 },
  timing: { ...briskTiming, activityTimeoutMs: 15_000, leaseTtlMs: 60_000 },
  steps: ({ slots, jobs, cycles }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    {
      step: "submit",
      batch: "endless",
      jobs: oneWaits({ slots, jobs }).submitted,
      units: 1_000_000,
      unitCpuMs: 5,
      children: 1,
    },
    { step: "await-busy", agent: "donor", sandboxes: slots, withinMs: 60_000 },
    ...underFault({ kind: "storm", cpus: 2, disks: 1, atMostS: 30 }, [
      { step: "pause-resume-cycles", agent: "donor", cycles },
      { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    ]),
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "fault-effects" },
    { checker: "pause-silence" },
    { checker: "no-intake", settings: { queuedMin: oneWaits({ slots, jobs }).waiting } },
    { checker: "freeze-bound", settings: { freezeMsMax } },
    { checker: "jobs-settled", settings: { startedMin: slots, handedBackMin: slots } },
    { checker: "progress-kept" },
    { checker: "checkpoint-progress" },
    ...expectedOfLeaving(),
  ],
};
