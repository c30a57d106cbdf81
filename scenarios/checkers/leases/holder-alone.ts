import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { neededMs } from "../setting.ts";
import { Instances } from "../instances.ts";
import { violation } from "../story.ts";

interface Holder {
  /** Since when it does not hear the broker, by its own clock. */
  alone: RecordOf<"agent.broker"> | null;
  /** What runs here, and since when. */
  readonly running: Map<string, RecordOf<"agent.execution">>;
  /** What was accepted and has not run. */
  readonly accepted: Map<string, RecordOf<"agent.offer">>;
  /** Jobs that should have been stopped when it looked last: it may have slept until then. */
  overdue: ReadonlySet<string>;
}

/**
 * I1: whoever does not hear the broker for the whole life of a lease stops what runs under it, by its own clock,
 * whether or not there is a broker that grants it again (docs/cases.md, case 3). It is looked at with its heartbeats,
 * which it goes on sending; one that slept looks at its leases first. Setting: `leaseTtlMs`.
 */
export const holderAlone = checkerOf(
  "who cannot hear the broker stops its jobs before their leases end (I1)",
  { leaseTtlMs: neededMs("how long a lease lives") },
  ({ leaseTtlMs }) => {
    const holders = new Instances<Holder>(() => ({
      alone: null,
      running: new Map(),
      accepted: new Map(),
      overdue: new Set(),
    }));
    let lonely = 0;
    return {
      on: {
        "agent.started": (record) => void holders.started(record),
        "agent.broker": (record) => {
          const holder = holders.of(record.source);
          holder.alone = record.data.reachable ? null : record;
          holder.overdue = new Set();
          if (holder.alone !== null) lonely += 1;
        },
        "agent.offer": (record) => {
          const { leaseId, answer } = record.data;
          if (answer === "accepted") holders.of(record.source).accepted.set(leaseId, record);
        },
        "agent.execution": (record) => {
          const { running, accepted, overdue } = holders.of(record.source);
          const { leaseId, from } = record.data;
          const offer = accepted.get(leaseId);
          accepted.delete(leaseId);
          if (from === null && offer !== undefined && overdue.has(leaseId)) {
            return violation(`${leaseId} is started, and nobody renewed it`, offer, record);
          }
          if (record.data.to === "running") running.set(record.data.leaseId, record);
          else running.delete(record.data.leaseId);
          return;
        },
        // Whatever it had stands still from there on, until it is saved and ended; that has bounds of its own.
        "agent.state": ({ source, data: { to } }) => {
          if (to === "Withdrawing") holders.of(source).running.clear();
        },
        "agent.woke": (record) => {
          const holder = holders.of(record.source);
          const { alone, running, overdue } = holder;
          if (alone === null || record.at - alone.at <= leaseTtlMs) return;
          const still = new Set<string>();
          for (const [leaseId, began] of running) {
            if (began.at > alone.at) continue;
            if (overdue.has(leaseId))
              return violation(`${leaseId} runs on, and nobody renewed it`, began, alone, record);
            still.add(leaseId);
          }
          for (const [leaseId, offer] of holder.accepted) if (offer.at <= alone.at) still.add(leaseId);
          holder.overdue = still;
          return;
        },
      },
      end: () =>
        lonely === 0 ? undecided("everybody heard the broker") : passed(`${lonely} times an agent was alone`),
    };
  },
);
