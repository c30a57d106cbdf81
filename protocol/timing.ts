import * as z from "zod";

const Ms = z.number().int().min(1);

/**
 * The times of a fleet, in milliseconds; the defaults are those of docs/cases.md. The broker holds them and tells each
 * agent its own at enrolment; a scenario shortens them through its configuration.
 */
export const Timing = z.strictObject({
  /** How often an agent signals; EG-3. */
  heartbeatIntervalMs: Ms.default(30_000),
  /** Each interval is drawn from ±this share around the above. */
  heartbeatJitterRatio: z.number().min(0).max(0.5).default(0.2),
  /**
   * The broker declares an agent lost after this silence; L3. By default two heartbeats, each as late as it may be, and
   * between them one call that nobody answers.
   */
  activityTimeoutMs: Ms.default(82_000),
  /** A grant lives this long unless a heartbeat renews it. */
  leaseTtlMs: Ms.max(1_800_000).default(300_000),
  /** An offer that is not accepted in time goes back to the queue. */
  offerTtlMs: Ms.default(30_000),
  /** A host that could not start a job is not offered it again for so long, and does not take it. */
  startAgainAfterMs: Ms.default(60_000),
  /**
   * A job is not offered for about so long after its first attempt that came to nothing, and for twice as long after
   * each further one, up to `backoffMsMax`; `protocol/backoff.ts`.
   */
  backoffMs: Ms.default(1_000),
  backoffMsMax: Ms.default(60_000),
  /** How often a running sandbox is checkpointed. */
  checkpointIntervalMs: Ms.default(60_000),
  /** TERM to KILL. */
  terminateGraceMs: Ms.default(10_000),
  /** Any call of the agent but the two below. */
  requestTimeoutMs: Ms.default(10_000),
  /** The shutdown call; EG-4. */
  shutdownTimeoutMs: Ms.default(15_000),
  /** Handing in a result or a checkpoint. */
  resultTimeoutMs: Ms.default(60_000),
  /** How far a signature's `created` may be from the broker's clock, both ways. */
  signatureWindowMs: Ms.default(300_000),
  /** A comment is sent on every idle event stream this often; ten times a second at the most. */
  eventHeartbeatMs: Ms.min(100).max(3_600_000).default(60_000),
  /** An agent lost for so long is revoked with the revocation that it signed at enrolment. */
  revokeLostAfterMs: Ms.default(604_800_000),
  /**
   * So is one that shut down and did not come back for so long: it may have withdrawn since, without being heard (I7).
   */
  revokeShutdownAfterMs: Ms.default(7_776_000_000),
});
export type Timing = z.infer<typeof Timing>;

export const defaultTiming: Timing = Timing.parse({});
