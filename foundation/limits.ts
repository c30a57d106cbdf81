import { assert } from "./assert.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Every bound that is not a time: queues, bodies, loops. Times are configuration (`protocol/timing.ts`). */
export const limits = {
  /** The largest JSON body that either side sends or takes, in bytes. */
  messageBytesMax: 1 * MIB,
  /** The largest archive of one checkpoint, in bytes. */
  checkpointBytesMax: 256 * MIB,
  /** The most that the files of one checkpoint hold together before compression, in bytes: zeros compress to nothing. */
  checkpointContentBytesMax: 4_096 * MIB,
  /** The largest manifest of one checkpoint, in bytes. */
  manifestBytesMax: 16 * MIB,
  /** The most of an upload that one request carries, in bytes: what a cut line costs, and what a broker holds in memory. */
  uploadChunkBytesMax: 1 * MIB,
  /** The largest result that a job may hand in, in bytes. */
  resultBytesMax: 64 * KIB,
  /** The most sandboxes that one agent runs at once. */
  slotsMax: 256,
  /** Checkpoints of one job that are told apart by their numbers. */
  checkpointNumberMax: 1_000_000_000,
  /** The most offers in one heartbeat's answer. */
  offersPerHeartbeatMax: 64,
  /** The most jobs that a broker holds that are not yet settled. */
  jobsLiveMax: 100_000,
  /** The most rounds of looking for processes still running before a freeze or kill gives up and says so. */
  fixedPointRoundsMax: 200,
  /** The most jobs that one scenario submits as a batch. */
  jobsPerRunMax: 10_000,
  /** The most pauses and resumes in one scenario. */
  cyclesMax: 100_000,
  /** The most events of one agent that the broker keeps for replay after a reconnect. */
  eventReplayMax: 1_000,
  /** The longest path of a Unix socket in bytes, without the final zero (unix(7): sun_path is 108 bytes). */
  socketPathBytesMax: 107,
  /** The longest request on the control socket, in bytes. */
  controlRequestBytesMax: 64 * KIB,
  /** The most changes in the agents' directories that one run's history holds. */
  watchEventsMax: 5_000,
  /** The longest that setTimeout can wait, in milliseconds, some 25 days: for more than that it does not wait at all. */
  timerMsMax: 2_147_483_647,
  /** How often a job is leased again after failures that were not the donor's doing. */
  redeliveriesMax: 3,
  /** The most that a job's priority is above or below the usual, which is 0. */
  priorityMax: 10,
} as const;

assert(limits.resultBytesMax < limits.messageBytesMax, "a result fits into the message that carries it");
assert(limits.uploadChunkBytesMax <= limits.checkpointBytesMax, "a chunk is never more than the whole");
assert(limits.manifestBytesMax <= limits.checkpointBytesMax, "a manifest is uploaded like an archive");
assert(limits.offersPerHeartbeatMax <= limits.slotsMax, "an answer never offers more than the largest agent can hold");
