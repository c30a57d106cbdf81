import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

/** What a commit, or the wiping of a directory, may take, in milliseconds. */
const slackMs = 250;

interface Ender {
  agentId: string | null;
  leaving: boolean;
  /** Jobs that ended and whose directory is still there, by lease. */
  readonly unwiped: Map<string, RecordOf<"agent.execution">>;
  /** Leases that the broker cancelled and that run on, by lease, and since when by the agent's clock. */
  readonly cancelled: Map<string, { readonly record: RecordOf<"broker.released">; sinceMs: number | null }>;
  readonly running: Set<string>;
}

/**
 * What ended is told and cleared away at once: the broker hears of the end of a job, its directory goes from the host,
 * and a job that the operator cancels is stopped. Of two actors, the time counts from the next that the other one says.
 */
export const endsTold = checkerOf(
  "the end of a job is told at once, and nothing of it is left on the host (L2)",
  dutyOf("latencyMsMax"),
  ({ latencyMsMax }) => {
    /** Ended at its holder, the broker was not told, and what the broker said first after that. */
    const untold = new Map<string, { readonly ended: RecordOf<"agent.execution">; sinceMs: number | null }>();
    const enders = new Instances<Ender>(() => ({
      agentId: null,
      leaving: false,
      unwiped: new Map(),
      cancelled: new Map(),
      running: new Set(),
    }));
    /** What the broker counts on. */
    const live = new Set<string>();
    let told = 0;

    const look = (now: RecordOf<"broker.heartbeat">): Violation | null => {
      for (const one of untold.values()) {
        one.sinceMs ??= now.at;
        if (now.at - one.sinceMs <= latencyMsMax + slackMs) continue;
        return violation(`${one.ended.data.jobId} ended, and the broker was not told`, one.ended, now);
      }
      return null;
    };
    const lookAtHost = (now: RecordOf<"agent.woke">): Violation | null => {
      const { leaving, unwiped, cancelled, running } = enders.of(now.source);
      if (leaving) return null;
      for (const ended of unwiped.values()) {
        if (now.at - ended.at <= slackMs) continue;
        return violation(`${ended.data.jobId} ended, and its directory is still there`, ended, now);
      }
      for (const [leaseId, one] of cancelled) {
        one.sinceMs ??= now.at;
        if (!running.has(leaseId) || now.at - one.sinceMs <= latencyMsMax + slackMs) continue;
        return violation(`${one.record.data.jobId} was cancelled and runs on`, one.record, now);
      }
      return null;
    };
    const leaves = (source: string): void => {
      const ender = enders.of(source);
      ender.leaving = true;
      for (const leaseId of ender.unwiped.keys()) untold.delete(leaseId);
    };

    return {
      on: {
        "agent.started": (record) => {
          enders.started(record);
          enders.of(record.source).agentId = record.data.agentId ?? null;
        },
        "agent.execution": (record) => {
          const { leaseId, from, to } = record.data;
          const { leaving, unwiped, running } = enders.of(record.source);
          if (to === "running" || to === "spawning") running.add(leaseId);
          else running.delete(leaseId);
          if (to !== "completed" && to !== "failed" && to !== "killed") return;
          unwiped.set(leaseId, record);
          if (to !== "killed" && from !== "spawning" && live.has(leaseId) && !leaving)
            untold.set(leaseId, { ended: record, sinceMs: null });
        },
        "agent.released": (record) => {
          const leaseId = /\/sandboxes\/([^/]+)$/.exec(record.data.resource)?.[1];
          if (leaseId !== undefined) enders.of(record.source).unwiped.delete(leaseId);
        },
        "agent.woke": lookAtHost,
        "broker.leased": ({ data: { leaseId } }) => void live.add(leaseId),
        "broker.heartbeat": look,
        "broker.released": (record) => {
          const { leaseId, agentId, how } = record.data;
          live.delete(leaseId);
          if (untold.delete(leaseId)) told += 1;
          const ender = enders.ofAgent(agentId);
          if (how === "cancelled" && ender !== undefined) ender.cancelled.set(leaseId, { record, sinceMs: null });
        },
        "agent.state": ({ source, data: { to } }) => {
          if (to === "Withdrawing") leaves(source);
        },
        "agent.shutdown": ({ source }) => leaves(source),
      },
      end: () => (told === 0 ? undecided("no job came to its end") : passed(`${told} ends were told`)),
    };
  },
);
