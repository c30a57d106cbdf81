import { assert } from "../../foundation/assert.ts";
import { cooperationWaitMsMax } from "../../protocol/cooperative-checkpoint.ts";

/** The bounds of the agent's own decisions that are not part of the fleet's timing. Milliseconds unless named so. */
export const agentLimits = {
  /** Snapshots still unfinished this long after a freeze are given up, and the pause says so. */
  snapshotGiveUpMs: 30_000,
  /** Wait before the first retry of anything that the broker did not answer; doubles up to the most. */
  retryMsMin: 250,
  retryMsMax: 60_000,
  /** Heeded for so long, an instance that then is not any more does not take turns with another one. */
  heededInPeaceMs: 300_000,
  /** For how long nothing may be noticed of the owner until this host is lent again, unless the owner says otherwise. */
  quietMs: 300_000,
  /** How often an offer's acceptance is repeated when no answer came. */
  acceptAttemptsMax: 3,
  /** How many jobs that could not be spawned here are remembered, so that their offers are declined. */
  unspawnableJobsMax: 64,
  /** How many declined offers are remembered, so that a repeat gets the same answer. */
  declinedOffersMax: 64,
  /** How many executions that are over are remembered, for the owner to see why. */
  endedExecutionsMax: 8,
  /** TERM, KILL and then this long until a slot counts as broken. */
  unkillableAfterMs: 60_000,
  /** A signal that comes so soon after the one before it is the same wish, delivered twice. */
  signalRepeatMs: 500,
  /** How long the jobs' end, and then the broker's calls, of a shutdown may still take after the second signal. */
  urgentNotifyMs: 2_000,
  /** The share of a withdrawal that a job has between TERM and KILL. */
  withdrawTerminateGraceRatio: 0.15,
  /** How often the broker is told of a withdrawal while there is time. */
  withdrawAttemptsMax: 3,
  /** What a withdrawal takes for its wipe at least, however late it is: the key and other small things always go. */
  wipeMsMin: 250,
  /** The whole withdrawal, unless the owner says otherwise. */
  withdrawDeadlineMs: 10_000,
} as const;

/** When each stage of a withdrawal gives way to the next, as shares of its deadline. */
export const withdrawalShares = {
  checkpoint: 0.45,
  terminate: 0.65,
  /** What the look for strays may take beyond that. */
  sweep: 0.05,
  upload: 0.75,
  broker: 0.85,
  /** Until then the answer to what was asked in time is waited for. */
  answer: 0.9,
  /** What is not wiped by then is named; the rest is for the ledger. */
  wipe: 0.98,
} as const;

assert(
  agentLimits.heededInPeaceMs > 2 * agentLimits.retryMsMax,
  "two that take turns at the longest wait are not taken for two at peace",
);
assert(
  cooperationWaitMsMax <= agentLimits.snapshotGiveUpMs / 2,
  "whoever waits for a job before its freeze has as much time again for its snapshot",
);
assert(withdrawalShares.checkpoint < withdrawalShares.terminate, "there is time to terminate after the checkpoints");
assert(
  withdrawalShares.checkpoint + agentLimits.withdrawTerminateGraceRatio < withdrawalShares.terminate,
  "KILL follows TERM before the time to terminate is over",
);
assert(
  withdrawalShares.terminate + withdrawalShares.sweep < withdrawalShares.upload,
  "uploads may end after the processes",
);
assert(withdrawalShares.upload < withdrawalShares.broker, "the broker is told after the uploads");
assert(withdrawalShares.broker < withdrawalShares.answer, "whoever is asked last may still answer");
assert(withdrawalShares.answer < withdrawalShares.wipe, "there is time left to wipe");
assert(withdrawalShares.wipe < 1, "there is time left to write down what was not wiped");
