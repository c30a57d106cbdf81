import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

/** What commits, a directory and a spawn may take, in milliseconds. */
const slackMs = 250;

interface Starter {
  agentId: string | null;
  leaving: boolean;
  /** Accepted and not yet started, by lease; the time counts from when nothing stood in the way any more. */
  readonly waiting: Map<string, { readonly accepted: RecordOf<"agent.offer">; fromMs: number }>;
  /** Everything stands still. */
  frozen: boolean;
}

/**
 * An offer is answered as soon as it is heard, so that no job waits for an offer to lapse, and what was accepted is
 * started as soon as the broker has said yes, unless everything stands still. Whoever is on its way out owes neither.
 */
export const offersAnswered = checkerOf(
  "an offer is answered at once, and what was accepted is started (L2)",
  dutyOf("latencyMsMax"),
  ({ latencyMsMax }) => {
    const answerMs = 2 * latencyMsMax + slackMs;
    const startMs = 4 * latencyMsMax + slackMs;
    /** By lease, in the order in which they were made. */
    const open = new Map<string, RecordOf<"broker.offered">>();
    const starters = new Instances<Starter>(() => ({
      agentId: null,
      leaving: false,
      waiting: new Map(),
      frozen: false,
    }));
    /** What is offered or leased; an offer may be taken back while its acceptance is on its way. */
    const live = new Set<string>();
    let answered = 0;

    const unanswered = (now: RecordOf<"broker.heartbeat">): Violation | null => {
      for (const offer of open.values()) {
        if (now.at - offer.at <= answerMs) return null;
        return violation(`the offer of ${offer.data.jobId} is not answered`, offer, now);
      }
      return null;
    };
    const unstarted = (now: RecordOf<"agent.woke">): Violation | null => {
      const { waiting, frozen, leaving } = starters.of(now.source);
      if (frozen || leaving) return null;
      for (const { accepted, fromMs } of waiting.values()) {
        if (now.at - fromMs <= startMs) continue;
        return violation(`${accepted.data.jobId} was accepted and is not started`, accepted, now);
      }
      return null;
    };
    const leaves = (source: string): void => {
      const starter = starters.of(source);
      starter.leaving = true;
      // Its offers go back with it, or lapse.
      for (const [leaseId, { data }] of open) if (data.agentId === starter.agentId) open.delete(leaseId);
    };

    return {
      on: {
        "agent.started": (record) => {
          starters.started(record);
          starters.of(record.source).agentId = record.data.agentId ?? null;
        },
        "broker.enrolled": ({ data: { agentId, instanceId } }) => {
          starters.of(instanceId).agentId = agentId;
        },
        "broker.offered": (record) => {
          const { agentId, leaseId } = record.data;
          live.add(leaseId);
          if (starters.ofAgent(agentId)?.leaving === false) open.set(leaseId, record);
        },
        "broker.leased": ({ data: { leaseId } }) => {
          answered += 1;
          open.delete(leaseId);
        },
        "broker.released": (record) => {
          const { agentId, leaseId } = record.data;
          const offer = open.get(leaseId);
          live.delete(leaseId);
          open.delete(leaseId);
          starters.ofAgent(agentId)?.waiting.delete(leaseId);
          if (record.data.how === "offer-lapsed" && offer !== undefined) {
            return violation(`the offer of ${record.data.jobId} lapsed unanswered`, offer, record);
          }
          return;
        },
        "broker.heartbeat": unanswered,
        "agent.offer": (record) => {
          const { waiting } = starters.of(record.source);
          if (record.data.answer === "accepted" && live.has(record.data.leaseId))
            waiting.set(record.data.leaseId, { accepted: record, fromMs: record.at });
        },
        "agent.execution": ({ source, data: { leaseId } }) => void starters.of(source).waiting.delete(leaseId),
        "agent.woke": unstarted,
        "agent.frozen": ({ source }) => {
          starters.of(source).frozen = true;
        },
        "agent.thawed": ({ source, at }) => {
          const starter = starters.of(source);
          starter.frozen = false;
          for (const one of starter.waiting.values()) one.fromMs = at;
        },
        "agent.state": ({ source, data: { to } }) => {
          if (to === "Withdrawing") leaves(source);
        },
        "agent.shutdown": ({ source }) => leaves(source),
      },
      end: () => (answered === 0 ? undecided("nothing was leased") : passed(`${answered} offers became leases`)),
    };
  },
);
