import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Debt } from "../debt.ts";
import { dutyOf, roundTripMs } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

interface Instance {
  /** Leases whose jobs are not started yet; counted anew from each end of a freeze. */
  readonly waiting: Map<string, Debt>;
  /** Nothing is started now: everything stands still, or the agent leaves. */
  closed: boolean;
  leaving: boolean;
}

/**
 * A job that was taken is started as soon as its checkpoint is fetched, or, when a freeze came
 * between, as soon as that is over (WC-3).
 */
export const heldStarts = checkerOf(
  "what was held during a pause is started after the resume (WC-3)",
  dutyOf("latencyMsMax"),
  (settings) => {
    // The answer to the acceptance, then the checkpoint; what the host takes for itself goes with the slack of both.
    const bearMs = 2 * roundTripMs(settings);
    const instances = new Instances<Instance>(() => ({ waiting: new Map(), closed: false, leaving: false }));
    let started = 0;

    const look = (instance: Instance | undefined, now: RecordOf<"agent.woke">): Violation | null => {
      if (instance === undefined || instance.closed || instance.leaving) return null;
      for (const [leaseId, debt] of instance.waiting) {
        const ageMs = debt.ageMs(now);
        if (ageMs > bearMs) return violation(`${leaseId} was not started for ${ageMs} ms`, debt.since, now);
      }
      return null;
    };
    const opens = (record: RecordOf<"agent.thawed"> | RecordOf<"agent.state">): void => {
      const instance = instances.of(record.source);
      instance.closed = false;
      for (const leaseId of instance.waiting.keys()) instance.waiting.set(leaseId, new Debt(record));
    };
    return {
      on: {
        "agent.started": (record) => {
          instances.of(record.source);
          instances.started(record);
        },
        "broker.enrolled": (record) => {
          instances.enrolled(record);
        },
        "broker.leased": (record) => {
          const { agentId, leaseId } = record.data;
          instances.ofAgent(agentId)?.waiting.set(leaseId, new Debt(record));
        },
        "agent.execution": ({ source, data: { leaseId } }) => {
          if (instances.of(source).waiting.delete(leaseId)) started += 1;
        },
        "broker.released": ({ data: { agentId, leaseId } }) => {
          instances.ofAgent(agentId)?.waiting.delete(leaseId);
        },
        "agent.frozen": ({ source }) => {
          instances.of(source).closed = true;
        },
        "agent.thawed": opens,
        "agent.state": (record) => {
          if (record.data.to === "Withdrawing") instances.of(record.source).leaving = true;
          else if (record.data.from === "Paused") opens(record);
        },
        "agent.shutdown": ({ source }) => {
          instances.of(source).leaving = true;
        },
        "agent.woke": (record) => look(instances.of(record.source), record),
      },
      end: () => (started === 0 ? undecided("nothing was accepted") : passed(`${started} jobs were started`)),
    };
  },
);
