import type { Scenario } from "../steps/scenario.ts";
import type { Step } from "../steps/step.ts";
import { briskTiming } from "./brisk-timing.ts";
import { expectedOfLeaving } from "./expected-of-leaving.ts";

const withdrawDeadlineMs = 10_000;
const behaviour = "daemonises";
const donors = ["donor", "open-donor"] as const;

/** WC-12, EG-2; docs/cases.md, case 51. */
export const jobDaemonises: Scenario = {
  name: "job-daemonises",
  title: "jobs leave a daemon behind, twice forked and without a name: it ends with its job",
  description:
    "Two donors, one after the other, of which the second confines processes only, run jobs that fork twice, begin " +
    "sessions of their own and clear their environment, and then come to their right ends. What they left is seen at work " +
    "while they work, and is gone when they have ended, while their donor goes on.",
  requirements: ["WC-4", "WC-12", "EG-2"],
  tags: ["hostile", "daemon"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    ...roundOf("donor", { slots, jobs }),
    { step: "join", agent: "open-donor", slots, sandbox: "process" },
    ...roundOf("open-donor", { slots, jobs }),
  ],
  expectations: ({ slots, jobs }) => [
    { checker: "misbehaviour-seen", settings: { behaviour, jobsMin: donors.length * Math.min(slots, jobs) } },
    { checker: "none-outlive", settings: { watchedMin: donors.length } },
    { checker: "jobs-settled", settings: { startedMin: donors.length * jobs, completedAll: 1 } },
    { checker: "results-correct", settings: { resultsMin: donors.length * jobs } },
    { checker: "completion-once" },
    ...expectedOfLeaving({ reportsMin: donors.length }),
  ],
};

function roundOf(agent: (typeof donors)[number], { slots, jobs }: { slots: number; jobs: number }): Step[] {
  const batch = `work-of-${agent}`;
  return [
    { step: "submit", batch, jobs, units: 10, unitCpuMs: 10, children: 0, behaviour },
    { step: "await-misbehaviour", agent, behaviour, jobs: Math.min(slots, jobs), withinMs: 60_000 },
    // Whoever comes later waits for a while for somebody to see it.
    { step: "await-settled", batch, withinMs: 120_000 + 30_000 * jobs },
    { step: "verify-results", batch },
    { step: "eventually-within", withinMs: 30_000, holds: { fact: "state", agent, is: "Idle" } },
    { step: "find-survivors", agent },
    { step: "withdraw", agent, deadlineMs: withdrawDeadlineMs },
    { step: "use-revoked-key", agent },
  ];
}
