import { assert } from "../../foundation/assert.ts";
import { limits } from "../../foundation/limits.ts";

const GIB = 1024 ** 3;

/** The broker's own bounds; those that both sides share stand in foundation/limits.ts. */
export const brokerLimits = {
  /** The most agents that are known, the revoked ones included. */
  agentsMax: 100_000,
  /** The most settled jobs that are remembered; the oldest go first. */
  settledJobsMax: 100_000,
  /** The most agents that the broker has started on its own host and that have not ended. */
  executionsLiveMax: 256,
  /** The most of them that are remembered after their end; the oldest go first. */
  settledExecutionsMax: 10_000,
  /** The most connections to other brokers, the revoked ones included. */
  connectionsMax: 1_000,
  /** The most commands of hubs that are remembered against replays. */
  commandsMax: 200_000,
  /** The largest envelope that a spoke takes, in bytes. */
  envelopeBytesMax: 128 * 1024,
  /** How often one command is answered. */
  commandTriesMax: 32,
  /** The most agents at spokes that a hub keeps track of; those that are over are forgotten first. */
  remotesMax: 10_000,
  /** The most jobs that one agent could not start and is not offered for a while; the oldest are forgotten first. */
  unstartableJobsMax: 64,
  /** The most join tokens for one agent that are kept until they expire. */
  joinTokensMax: 10_000,
  /** The most requests of one agent in a minute: far more than a busy one sends, far less than one that runs wild. */
  requestsPerAgentPerMinuteMax: 60_000,
  /** The most wrong tokens from one address in a minute. */
  tokenGuessesPerMinuteMax: 60,
  /** The most calls of other brokers from one address in a minute; each is verified, which costs time. */
  hubCallsPerMinuteMax: 6_000,
  /** The most nonces that are remembered against replays. */
  noncesMax: 1_000_000,
  /** The most bytes of checkpoints in a directory. */
  blobBytesInDirectoryMax: 64 * GIB,
  /** The most bytes of checkpoints in memory. */
  blobBytesInMemoryMax: 1 * GIB,
  /** Parts of checkpoints on their way under one lease: those of the newest, and those of the one before. */
  uploadsPerLeaseMax: 4,
  /** The most bytes that the unfinished uploads of one agent claim together. */
  uploadBytesPerAgentMax: 4 * GIB,
  /** An event stream with more unsent bytes than this is taken for dead. */
  eventBacklogBytesMax: 4 * 1024 * 1024,
  /** The longest that an answer waits for the store, in milliseconds: less than its caller does. */
  storeWaitMsMax: 3_000,
  /**
   * How far an epoch may be raised on the word of an agent that holds a lease which the store has forgotten (a restored
   * backup): far enough for any real loss, too little to use the numbers up.
   */
  epochLeapMax: 1_000_000,
} as const;

/** A reason of 500 characters, each written as an escape of six, and what is around it. */
const eventBytesMax = 500 * 6 + 500;

assert(
  limits.eventReplayMax * eventBytesMax <= brokerLimits.eventBacklogBytesMax,
  "whoever comes back for a full replay is not taken for dead on account of it",
);
assert(brokerLimits.blobBytesInMemoryMax >= limits.checkpointBytesMax, "the memory holds one checkpoint at least");
assert(brokerLimits.uploadBytesPerAgentMax >= 2 * limits.checkpointBytesMax, "an agent can upload one checkpoint");
assert(brokerLimits.settledJobsMax >= limits.jobsLiveMax, "the jobs of one full queue are remembered after they end");
