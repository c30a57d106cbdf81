import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";
import { expectedOfLeaving } from "./expected-of-leaving.ts";

const withdrawDeadlineMs = 10_000;
/** Agent and job together; the job needs a tenth of it. */
const processesMax = 250;

/**
 * WC-10, WC-11; docs/cases.md, case 32. Only on real hosts: the model ends a job's processes in one moment, so that there
 * is no race to be lost. By the driver that has no namespace to end them with.
 */
export const jobRespawns: Scenario = {
  name: "job-respawns",
  title: "a job whose processes fork and end faster than anybody could list them: withdraw ends it",
  description:
    "A job is chains of processes, each of which forks the next and ends at once, so that whoever lists and kills them " +
    "one by one comes too late; no namespace holds them. The owner pauses the host, sees that nothing runs, and " +
    "withdraws; nothing is left.",
  requirements: ["WC-4", "WC-10", "WC-11"],
  tags: ["withdraw", "pause", "hostile"],
  stages: ["host", "netns"],
  needs: ["process-limit"],
  hurts: `A job that forks as fast as it can, in a cgroup with a limit of ${processesMax} processes.`,
  hostWide: true,
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots, sandbox: "process", cage: { processesMax } },
    { step: "submit", batch: "chains", jobs, units: 1_000_000, unitCpuMs: 5, children: 0, behaviour: "respawns" },
    { step: "await-misbehaviour", agent: "donor", behaviour: "respawns", jobs: 1, withinMs: 60_000 },
    { step: "pause", agent: "donor" },
    { step: "watch-frozen", agent: "donor", forMs: 300 },
    { step: "resume", agent: "donor" },
    { step: "await-misbehaviour", agent: "donor", behaviour: "respawns", jobs: 1, withinMs: 60_000 },
    { step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs },
    { step: "find-survivors", agent: "donor" },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "misbehaviour-seen", settings: { behaviour: "respawns", jobsMin: 2 } },
    { checker: "pause-silence" },
    { checker: "none-outlive", settings: { watchedMin: 1 } },
    { checker: "jobs-settled", settings: { startedMin: Math.min(slots, jobs), handedBackMin: Math.min(slots, jobs) } },
    ...expectedOfLeaving(),
  ],
};
