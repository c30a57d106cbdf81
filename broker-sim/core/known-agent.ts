import { assert, present } from "../../foundation/assert.ts";
import type { Alarm } from "./alarms.ts";
import { brokerLimits } from "./broker-limits.ts";
import type { Standing } from "./line.ts";
import type { AgentRecord, JobRecord } from "./records.ts";

/** Most agents of a large fleet never hold a job, and have no list of their own. */
const nothing: ReadonlyMap<string, JobRecord> = new Map();
const none: ReadonlyMap<string, number> = new Map();

/**
 * An agent as the broker knows it: the record that the stores keep, and what holds for this start of the broker only.
 * All of it in one place, so that a heartbeat makes one look-up however large the fleet is; what a heartbeat reads
 * comes first, because it then lies side by side in memory.
 */
export class KnownAgent implements AgentRecord, Standing<KnownAgent>, Alarm<"agent"> {
  readonly kind = "agent";
  readonly agentId: AgentRecord["agentId"];
  instanceId: AgentRecord["instanceId"];
  standing: AgentRecord["standing"];
  state: AgentRecord["state"];
  slots: AgentRecord["slots"];
  slotsFree: AgentRecord["slotsFree"];
  resources: AgentRecord["resources"];
  lastSeenAt: AgentRecord["lastSeenAt"];
  /** Whether its event stream is open. */
  isConnected = false;
  #held: Map<string, JobRecord> | null = null;
  #unstartable: Map<string, number> | null = null;
  /** When its silence is looked at. */
  alarmAtMs = Infinity;
  /** Its place among the hungry. */
  inLine = false;
  before: KnownAgent | null = null;
  after: KnownAgent | null = null;
  readonly publicKey: AgentRecord["publicKey"];
  revocation: AgentRecord["revocation"];
  readonly enrolledAt: AgentRecord["enrolledAt"];
  lostAt: AgentRecord["lostAt"];
  revokedAt: AgentRecord["revokedAt"];

  constructor(record: AgentRecord) {
    this.agentId = record.agentId;
    this.instanceId = record.instanceId;
    this.standing = record.standing;
    this.state = record.state;
    this.slots = record.slots;
    this.slotsFree = record.slotsFree;
    this.resources = record.resources;
    this.lastSeenAt = record.lastSeenAt;
    this.publicKey = record.publicKey;
    this.revocation = record.revocation;
    this.enrolledAt = record.enrolledAt;
    this.lostAt = record.lostAt;
    this.revokedAt = record.revokedAt;
  }

  /** The jobs offered or leased to it, by lease, oldest first. */
  get held(): ReadonlyMap<string, JobRecord> {
    return this.#held ?? nothing;
  }

  /** Notes a job's grant in its holder's list. */
  hold(job: JobRecord): void {
    const { agentId, leaseId } = present(job.grant, "what is held has a grant");
    assert(agentId === this.agentId, "a grant stands in its own holder's list");
    (this.#held ??= new Map()).set(leaseId, job);
  }

  /** Strikes a job's grant off its holder's list. */
  letGo(job: JobRecord): void {
    const { leaseId } = present(job.grant, "what is let go has a grant");
    assert(this.#held?.delete(leaseId) === true, "the holder's list names the grant");
  }

  /**
   * The jobs that its instance could not start, each with when it may try it again, the earliest first. No store keeps
   * them: an agent that is offered one after a restart of the broker declines it, and says so.
   */
  get unstartable(): ReadonlyMap<string, number> {
    return this.#unstartable ?? none;
  }

  /** Notes that it could not start a job. Times never run backwards, so the first to be noted is the first to be over. */
  noteUnstartable(jobId: string, untilMs: number): void {
    const unstartable = (this.#unstartable ??= new Map());
    unstartable.delete(jobId);
    unstartable.set(jobId, untilMs);
    if (unstartable.size <= brokerLimits.unstartableJobsMax) return;
    const [oldest] = unstartable.keys();
    unstartable.delete(present(oldest, "what is counted is there"));
  }

  /** Forgets what it may try again by now. */
  forgetUnstartable(untilMs: number): void {
    if (this.#unstartable === null) return;
    for (const [jobId, atMs] of this.#unstartable) {
      if (atMs > untilMs) return;
      this.#unstartable.delete(jobId);
    }
    this.#unstartable = null;
  }

  /** The record as the stores are to keep it. */
  stored(): AgentRecord {
    return {
      agentId: this.agentId,
      publicKey: this.publicKey,
      revocation: this.revocation,
      instanceId: this.instanceId,
      standing: this.standing,
      state: this.state,
      slots: this.slots,
      slotsFree: this.slotsFree,
      resources: this.resources,
      enrolledAt: this.enrolledAt,
      lastSeenAt: this.lastSeenAt,
      lostAt: this.lostAt,
      revokedAt: this.revokedAt,
    };
  }
}
