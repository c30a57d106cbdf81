import type { CooperativeCheckpoint } from "../../protocol/cooperative-checkpoint.ts";
import type { HeartbeatRequest, HeartbeatResponse, WithdrawResponse } from "../../protocol/messages.ts";
import { defaultTiming, type Timing } from "../../protocol/timing.ts";
import type { BrokerFailure, BrokerOutcome } from "../core/outcome.ts";

const silence: BrokerFailure = { ok: false, code: "unreachable", retriable: true, message: "no answer" };
const done: BrokerOutcome<null> = { ok: true, value: null };

function refuse(code: BrokerFailure["code"]): BrokerFailure {
  return { ok: false, code, retriable: false, message: code };
}

/** What the broker of a model world knows, and what it answers while it is up. */
export class ModelBroker {
  up = true;
  keyKnown = false;
  keyRevoked = false;
  jobsQueued = 0;
  /** How the jobs that are offered from now on cooperate with their checkpoints; undefined for not at all. */
  cooperative: CooperativeCheckpoint | undefined;
  /** Leases that it counts as held by the agent. */
  readonly granted = new Set<string>();
  /** The instance to which each was granted, or that named it since. */
  readonly #holders = new Map<string, string>();
  readonly #timing: Timing;
  #offered = 0;

  constructor(timing: Partial<Timing>) {
    this.#timing = { ...defaultTiming, ...timing };
  }

  enrol(nowMs: number): BrokerOutcome<{ agentId: string; brokerTimeMs: number; timing: Timing }> {
    if (!this.up) return silence;
    if (this.keyRevoked) return refuse("revoked");
    this.keyKnown = true;
    return { ok: true, value: { agentId: "a".repeat(64), brokerTimeMs: nowMs, timing: this.#timing } };
  }

  heartbeat(
    { leases, slotsFree }: Pick<HeartbeatRequest, "leases" | "slotsFree">,
    { instanceId, nowMs }: { instanceId: string; nowMs: number },
  ): BrokerOutcome<HeartbeatResponse> {
    return this.#member(() => {
      const named = leases.map(({ leaseId }) => leaseId);
      this.#claim(named, instanceId);
      const expiresAt = nowMs + this.#timing.leaseTtlMs;
      const renewed = named.filter((leaseId) => this.granted.has(leaseId)).map((leaseId) => ({ leaseId, expiresAt }));
      const lost = named
        .filter((leaseId) => !this.granted.has(leaseId))
        .map((leaseId) => ({ leaseId, reason: "expired" }));
      return { ok: true, value: { brokerTimeMs: nowMs, offers: this.#offers(slotsFree, nowMs), renewed, lost } };
    });
  }

  accept(
    leaseId: string,
    { instanceId, nowMs }: { instanceId: string; nowMs: number },
  ): BrokerOutcome<{ expiresAt: number }> {
    return this.#member(() => {
      this.granted.add(leaseId);
      this.#holders.set(leaseId, instanceId);
      return { ok: true, value: { expiresAt: nowMs + this.#timing.leaseTtlMs } };
    });
  }

  /** A completion or a return. */
  release(leaseId: string): BrokerOutcome<null> {
    return this.#member(() => (this.granted.delete(leaseId) ? done : refuse("fenced")));
  }

  releaseAll(leases: readonly { leaseId: string }[]): BrokerOutcome<null> {
    return this.#member(() => {
      for (const { leaseId } of leases) this.granted.delete(leaseId);
      return done;
    });
  }

  withdraw(leases: readonly { leaseId: string }[], nowMs: number): BrokerOutcome<WithdrawResponse> {
    return this.#member(() => {
      const leasesHandedBack = leases.filter(({ leaseId }) => this.granted.has(leaseId)).length;
      this.keyRevoked = true;
      this.granted.clear();
      return { ok: true, value: { revokedAt: nowMs, leasesHandedBack } };
    });
  }

  /** Anything that it only takes note of. */
  note(): BrokerOutcome<null> {
    return this.#member(() => done);
  }

  #member<T>(answer: () => BrokerOutcome<T>): BrokerOutcome<T> {
    if (!this.up) return silence;
    if (this.keyRevoked) return refuse("revoked");
    return this.keyKnown ? answer() : refuse("unknown-agent");
  }

  /** Leases of an earlier instance that this one does not name died with that process, and are queued again. */
  #claim(named: readonly string[], instanceId: string): void {
    for (const leaseId of this.granted) {
      if (this.#holders.get(leaseId) === instanceId) continue;
      this.#holders.set(leaseId, instanceId);
      if (named.includes(leaseId)) continue;
      this.granted.delete(leaseId);
      this.jobsQueued += 1;
    }
  }

  #offers(slotsFree: number, nowMs: number): HeartbeatResponse["offers"] {
    const offers: HeartbeatResponse["offers"] = [];
    for (; offers.length < slotsFree && this.jobsQueued > 0; this.jobsQueued -= 1) {
      this.#offered += 1;
      const { cooperative } = this;
      const job = { command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax: 3 };
      offers.push({
        leaseId: `lease-${this.#offered}`,
        jobId: `job-${this.#offered}`,
        epoch: 1,
        job: cooperative === undefined ? job : { ...job, checkpoint: { cooperative } },
        expiresAt: nowMs + this.#timing.offerTtlMs,
      });
    }
    return offers;
  }
}
