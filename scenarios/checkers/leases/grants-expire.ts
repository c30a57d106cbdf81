import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { amount } from "../setting.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { violation, type Violation } from "../story.ts";

/** Faults in which the broker cannot look at the time; its start or their undoing lets it count anew. */
const standstills: ReadonlySet<string> = new Set(["kill-broker", "stall-broker", "stall-store", "lose-store"]);

interface Grant {
  record: RecordOf<"broker.offered"> | RecordOf<"broker.leased">;
  readonly lifeMs: number;
  /** The earliest time at which it may end by itself, by the clock of the broker's latest start. */
  earliestMs: number;
  /** The latest time at which it may end, by the broker's clock: the last heartbeat of its holder may have renewed it. */
  latestMs: number;
}

/**
 * L3: what an agent holds comes back when its time is over, neither earlier nor much later: an offer that nobody
 * answers, and a lease that nobody renews. By the broker's own clock; it looks in time unless it stands still, and each
 * of its starts gives every lease the whole time again (docs/cases.md, case 8), and ends the offers of before. Settings: `leaseTtlMs` and `offerTtlMs`,
 * where they are known; `slackMs` (default 1000) for the broker's timer, and for a start that is told a little later.
 */
export const grantsExpire = checkerOf(
  "grants end when their time is over, neither before nor much later (L3)",
  {
    leaseTtlMs: amount("how long a lease lives; else as each says", { otherwise: null }),
    offerTtlMs: amount("how long an offer does; else as each says", { otherwise: null }),
    slackMs: amount("for the broker's timer", { otherwise: 1_000 }),
  },
  ({ leaseTtlMs, offerTtlMs, slackMs }) => {
    const grants = new Map<string, Grant>();
    /** Of them, the leases, by agent: heartbeats are most of a history, and each renews its own agent's alone. */
    const leases = new Map<string, Set<Grant>>();
    /** No grant's time is over before: it is only looked for one whose is when this has come. */
    let soonestMs = Infinity;
    const standstill = new Map<string, number>();
    let anew = false;
    let ended = 0;

    /** The broker's time, which is looked at with each of its records. */
    const look = (
      now: RecordOf<"broker.heartbeat"> | RecordOf<"broker.released"> | RecordOf<"broker.job">,
    ): Violation | null => {
      if (standstill.size > 0) return null;
      if (anew) {
        for (const grant of grants.values()) {
          grant.latestMs = now.at + grant.lifeMs;
          // Its clock may have been set back.
          soonestMs = Math.min(soonestMs, grant.latestMs);
        }
        anew = false;
      }
      if (now.at - soonestMs <= slackMs) return null;
      soonestMs = Infinity;
      for (const { record, latestMs } of grants.values()) {
        if (now.at - latestMs > slackMs) {
          return violation(`the time of ${record.data.leaseId} is over, and it is not taken back`, record, now);
        }
        soonestMs = Math.min(soonestMs, latestMs);
      }
      return null;
    };
    const forget = (jobId: string): void => {
      const grant = grants.get(jobId);
      if (grant === undefined) return;
      grants.delete(jobId);
      leases.get(grant.record.data.agentId)?.delete(grant);
    };
    const begin = (record: Grant["record"], life: number | null): void => {
      const { agentId, jobId, expiresAt } = record.data;
      // It may be told late, by a store that stood still.
      const latestMs = Math.max(record.at, expiresAt);
      const grant = { record, lifeMs: life ?? expiresAt - record.at, earliestMs: expiresAt, latestMs };
      forget(jobId);
      grants.set(jobId, grant);
      soonestMs = Math.min(soonestMs, latestMs);
      if (record.type !== "broker.leased") return;
      const ofAgent = leases.get(agentId);
      if (ofAgent === undefined) leases.set(agentId, new Set([grant]));
      else ofAgent.add(grant);
    };
    const goOn = (...over: readonly string[]): void => {
      for (const what of over) standstill.delete(what);
      anew = true;
    };

    return {
      on: {
        "broker.offered": (record) => begin(record, offerTtlMs),
        "broker.leased": (record) => begin(record, leaseTtlMs),
        "broker.job": look,
        "broker.heartbeat": (record) => {
          const late = look(record);
          leases.get(record.data.agentId)?.forEach((grant) => {
            grant.latestMs = Math.max(grant.latestMs, record.at + grant.lifeMs);
          });
          return late;
        },
        "broker.released": (record) => {
          const { jobId, leaseId, how } = record.data;
          const grant = grants.get(jobId);
          const late = look(record);
          forget(jobId);
          if (grant?.record.data.leaseId !== leaseId) return late;
          ended += 1;
          const byTime = how === "expired" || how === "offer-lapsed";
          if (byTime && record.at < grant.earliestMs) {
            return violation(`${leaseId} was taken back before its time was over`, grant.record, record);
          }
          return late;
        },
        "broker.stopped": () => void standstill.set("stopped", 1),
        "broker.started": ({ at }) => {
          // Its clock may have been set while nobody looked at it.
          for (const grant of grants.values()) {
            const isOffer = grant.record.type === "broker.offered";
            grant.earliestMs = isOffer ? Number.NEGATIVE_INFINITY : at + grant.lifeMs - slackMs;
          }
          goOn("stopped", "kill-broker", "lose-store", "stall-broker");
        },
        "fault.applied": (record) => {
          const { fault } = record.data;
          if (standstills.has(fault)) standstill.set(fault, (standstill.get(fault) ?? 0) + 1);
          for (const jobId of forgottenJobs(record)) forget(jobId);
          // What nobody lived to tell.
          if (fault === "lose-history" || fault === "lose-store") {
            grants.clear();
            leases.clear();
          }
        },
        "fault.undone": ({ data: { fault } }) => {
          const others = (standstill.get(fault) ?? 0) - 1;
          if (others > 0) standstill.set(fault, others);
          else if (others === 0) goOn(fault);
        },
      },
      end: () => (ended === 0 ? undecided("no grant ended") : passed(`${ended} grants ended`)),
    };
  },
);
