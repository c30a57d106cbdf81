import type { Scenario } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";
import { briskTiming } from "./brisk-timing.ts";
import { expectedOfLeaving } from "./expected-of-leaving.ts";

const withdrawDeadlineMs = 10_000;
const agents = ["donor", "open-donor"] as const;

/** WC-12, EG-2; docs/cases.md, case 51. */
export const jobDaemonises: Scenario = {
  name: "job-daemonises",
  title: "jobs leave a daemon behind, twice forked and without a name: it ends with its job",
  description:
    "Two donors, one of which confines processes only, run jobs that fork twice, begin sessions of their own and clear " +
    "their environment, and then come to their right ends. What they left is seen at work while they work, and is gone " +
    "when they have ended, while both donors go on.",
  requirements: ["WC-4", "WC-12", "EG-2"],
  tags: ["hostile", "daemon"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 1, jobs: 2, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    { step: "join", agent: "open-donor", slots, sandbox: "process" },
    { step: "submit", batch: "work", jobs, units: 10, unitCpuMs: 10, children: 0, behaviour: "daemonises" },
    ...agents.map(
      (agent): Step => ({
        ...{ step: "await-misbehaviour", agent, behaviour: "daemonises", jobs: 1, withinMs: 60_000 },
      }),
    ),
    { step: "await-settled", batch: "work", withinMs: 120_000 },
    { step: "verify-results", batch: "work" },
    ...agents.flatMap((agent): Step[] => [
      { step: "eventually-within", withinMs: 30_000, holds: { fact: "state", agent, is: "Idle" } },
      { step: "find-survivors", agent },
    ]),
    ...agents.flatMap((agent): Step[] => [
      { step: "withdraw", agent, deadlineMs: withdrawDeadlineMs },
      { step: "use-revoked-key", agent },
    ]),
  ],
  expectations: ({ jobs }) => [
    { checker: "misbehaviour-seen", settings: { behaviour: "daemonises", jobsMin: agents.length } },
    { checker: "none-outlive", settings: { watchedMin: agents.length } },
    { checker: "jobs-settled", settings: { startedMin: jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: jobs } },
    { checker: "completion-once" },
    ...expectedOfLeaving({ reportsMin: agents.length }),
  ],
};
