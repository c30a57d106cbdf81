import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";
import { expectedOfLeaving } from "./expected-of-leaving.ts";

/** So long that a job's share of it is well beyond the grace that it is promised. */
const withdrawDeadlineMs = 20_000;
const graceMs = 1_000;
/** What killing and counting take after it, also on a machine that is busy. */
const killMsMax = 4_000;

/** WC-4, WC-11: leaving needs no job's consent, and gives each the time it was promised. */
export const jobIgnoresSigterm: Scenario = {
  name: "job-ignores-sigterm",
  title: "jobs that ignore every polite signal: they have their grace, and are killed after it",
  description:
    "A donor withdraws while its jobs, and children of theirs, ignore SIGTERM, SIGHUP and SIGINT, which is seen in their " +
    "masks of signals. They have their whole grace and no more, none of their processes is left, and they go back with " +
    "checkpoints. The donor itself gets SIGTERM meanwhile, and leaves to the end all the same.",
  requirements: ["WC-4", "WC-11", "WC-16"],
  tags: ["withdraw", "hostile"],
  stages: ["host", "netns", "sim"],
  defaults: { slots: 2, jobs: 2, cycles: 1 },
  timing: { ...briskTiming, terminateGraceMs: graceMs },
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots },
    {
      ...{ step: "submit", batch: "deaf", jobs, units: 1_000_000, unitCpuMs: 5, children: 0 },
      behaviour: "ignores-sigterm",
    },
    {
      ...{ step: "await-misbehaviour", agent: "donor", behaviour: "ignores-sigterm" },
      ...{ jobs: Math.min(slots, jobs), withinMs: 60_000 },
    },
    {
      step: "together",
      branches: [
        [{ step: "withdraw", agent: "donor", deadlineMs: withdrawDeadlineMs }],
        [
          {
            ...{ step: "wait-until", event: "agent.state", where: { to: "Withdrawing" } },
            ...{ agent: "donor", withinMs: 60_000 },
          },
          { step: "shutdown", agent: "donor", by: "SIGTERM", withinMs: 60_000 },
        ],
      ],
    },
    { step: "find-survivors", agent: "donor" },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: ({ slots, jobs }) => {
    const held = Math.min(slots, jobs);
    return [
      { checker: "misbehaviour-seen", settings: { behaviour: "ignores-sigterm", jobsMin: held } },
      { checker: "grace-given", settings: { graceMs, mostMs: graceMs + killMsMax } },
      { checker: "none-outlive" },
      { checker: "jobs-settled", settings: { startedMin: held, handedBackMin: held } },
      { checker: "checkpoint-progress" },
      ...expectedOfLeaving(),
    ];
  },
};
