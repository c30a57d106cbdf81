import { withdrawalStepNames } from "../../protocol/withdrawal-step-names.ts";
import type { Scenario } from "../steps/scenario.ts";
import { briskTiming } from "./brisk-timing.ts";

const withdrawDeadlineMs = 10_000;
/** The first is taken in the turn in which the withdrawal begins, and is never in the journal as the current one. */
const journalled = withdrawalStepNames.slice(1);
/** In virtual time several of them pass within a moment, in which nobody can be killed. */
const killsMin = 4;

/** WC-4: whatever moment the power fails in, the next start finishes the withdrawal. */
export const withdrawCrashAtEveryStep: Scenario = {
  name: "withdraw-crash-at-every-step",
  title: "the agent is killed at step after step of its withdrawal, and what comes after finishes it",
  description:
    "An agent at work withdraws, and is killed (SIGKILL) as soon as a step of that is in its journal; started again it " +
    "goes on by itself, and is killed at the next one that is seen there: four times at least, since some pass too fast. " +
    "The last start comes to the end: the report is clean, nothing is left, and the key is dead. Where this user has no " +
    "crontab yet, the agent is to be started by one with the host, and that line is gone as well.",
  requirements: ["WC-4", "WC-16"],
  tags: ["withdraw", "crash", "fault"],
  stages: ["host", "netns", "sim"],
  hurts: "A line in this user's crontab that starts an agent with the host, for seconds; only where there is none yet.",
  hostWide: true,
  defaults: { slots: 1, jobs: 1, cycles: 1 },
  timing: briskTiming,
  steps: ({ slots, jobs }) => [
    { step: "start-broker" },
    { step: "join", agent: "donor", slots, autostart: true },
    { step: "submit", batch: "work", jobs, units: 200, unitCpuMs: 10, children: 0 },
    { step: "await-busy", agent: "donor", sandboxes: Math.min(slots, jobs), withinMs: 60_000 },
    {
      ...{ step: "withdraw-with-kills", agent: "donor", at: [...journalled] },
      ...{ deadlineMs: withdrawDeadlineMs, withinMs: 60_000 },
    },
    { step: "use-revoked-key", agent: "donor" },
  ],
  expectations: () => [
    { checker: "kills-survived", settings: { killsMin } },
    { checker: "withdraw-complete" },
    { checker: "ledger-conservation" },
    { checker: "transitions" },
    { checker: "lease-exclusivity" },
    { checker: "key-revoked" },
  ],
};
