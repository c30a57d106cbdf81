import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Debt } from "../debt.ts";
import { dutyOf, roundTripMs } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { isPeriodic } from "./periodic-freeze.ts";
import { violation } from "../story.ts";

/** A pause takes no longer than this; the owner waits for it. */
const pauseMsMax = 30_000;
/** How late a timer may be, and what the freeze itself takes. */
const lateMsMax = 250;

/** The least that whoever leaves waits for what is on its way into a sandbox. */
const hurriedMs = 450;

interface Instance {
  freeze: { readonly began: Debt<RecordOf<"agent.frozen">>; readonly lastsMsMax: number } | null;
  /** Its snapshots are settled, or whoever leaves has a time of its own for them. */
  over: boolean;
  /** It shuts down or withdraws: what is frozen stays so to its end. */
  leaving: boolean;
  /** The jobs that run, by lease. */
  readonly running: Set<string>;
  /** What ran when the freeze came, and has neither a checkpoint nor a reason why not. */
  readonly owed: Set<string>;
  readonly settled: Set<string>;
  /** Leases whose jobs are not started yet. */
  readonly unstarted: Set<string>;
  /** When it made room for a lease that came to it in a freeze: there was nothing to save before. */
  readonly latecomers: Map<string, number>;
}

/**
 * A freeze waits for its snapshots so long and no longer: a pause is in force after 30 s at most, and jobs that stand
 * still for a periodic checkpoint go on after a quarter of the interval. No snapshot is given up before that time, and
 * of each sandbox that was stopped it is told whether it was saved, before its lease goes back (WC-2, WC-4).
 */
export const freezesEnd = checkerOf(
  "a freeze settles each of its snapshots, in its time (WC-2)",
  dutyOf("latencyMsMax", "checkpointIntervalMs", "snapshotMsMax"),
  (settings) => {
    const { checkpointIntervalMs, snapshotMsMax } = settings;
    // Where answers take long, whoever leaves in a hurry does not wait for the one to an acceptance.
    const handsOverUnstarted = roundTripMs(settings) < hurriedMs;
    const periodicMsMax = Math.min(pauseMsMax, checkpointIntervalMs / 4);
    const instances = new Instances<Instance>(() => ({
      ...{ freeze: null, over: false, leaving: false },
      ...{ running: new Set<string>(), owed: new Set<string>(), settled: new Set<string>() },
      ...{ unstarted: new Set<string>(), latecomers: new Map<string, number>() },
    }));
    let freezes = 0;

    const leaves = (instance: Instance): void => {
      instance.leaving = true;
      instance.over = true;
    };
    return {
      on: {
        "agent.started": (record) => {
          instances.of(record.source);
          instances.started(record);
        },
        "agent.execution": ({ source, data: { leaseId, to } }) => {
          const { running, unstarted, owed } = instances.of(source);
          unstarted.delete(leaseId);
          // What could not be started here has nothing to save.
          if (to === "failed") owed.delete(leaseId);
          if (to === "running") running.add(leaseId);
          else running.delete(leaseId);
        },
        "agent.frozen": (record) => {
          const instance = instances.of(record.source);
          const lastsMsMax = isPeriodic(record) ? periodicMsMax : pauseMsMax;
          // One that takes another over keeps what was saved; a sandbox that came up in it changes nothing of its time.
          if (instance.freeze?.lastsMsMax !== lastsMsMax) {
            instance.freeze = { began: new Debt(record), lastsMsMax };
            freezes += 1;
          }
          if (!instance.leaving) return;
          const held = handsOverUnstarted ? instance.unstarted : [];
          for (const leaseId of [...instance.running, ...held])
            if (!instance.settled.has(leaseId)) instance.owed.add(leaseId);
        },
        "agent.thawed": ({ source }) => {
          const instance = instances.of(source);
          // A pause that is called off on the way out lets nothing go on.
          if (instance.leaving) return;
          instance.freeze = null;
          instance.over = false;
          instance.settled.clear();
        },
        "agent.state": (record) => {
          const instance = instances.of(record.source);
          if (record.data.to === "Paused") instance.over = true;
          if (record.data.to === "Withdrawing") leaves(instance);
        },
        "agent.shutdown": ({ source }) => leaves(instances.of(source)),
        "agent.checkpoint": ({ source, data: { leaseId } }) => {
          const { settled, owed } = instances.of(source);
          settled.add(leaseId);
          owed.delete(leaseId);
        },
        "agent.checkpoint-failed": (record) => {
          const { settled, owed, freeze, over, latecomers } = instances.of(record.source);
          const { leaseId } = record.data;
          settled.add(leaseId);
          owed.delete(leaseId);
          if (freeze === null) return;
          const ageMs = freeze.began.ageMs(record);
          const hereMs = record.at - (latecomers.get(leaseId) ?? -Infinity);
          if (Math.min(ageMs, hereMs) > snapshotMsMax + lateMsMax) {
            return violation(`the snapshot of ${leaseId} came to nothing in ${ageMs} ms`, freeze.began.since, record);
          }
          if (over || ageMs >= freeze.lastsMsMax - lateMsMax) return;
          return violation(`the snapshot of ${leaseId} was given up before its time`, freeze.began.since, record);
        },
        "agent.woke": (record) => {
          const { freeze, over } = instances.of(record.source);
          if (freeze === null || over) return;
          const ageMs = freeze.began.ageMs(record);
          if (ageMs <= Math.min(freeze.lastsMsMax, snapshotMsMax) + lateMsMax) return;
          return violation(`everything stands still since ${ageMs} ms for a snapshot`, freeze.began.since, record);
        },
        "agent.acquired": ({ source, at, data: { resource } }) => {
          const { freeze, latecomers } = instances.of(source);
          const [, leaseId] = /^directory:.*\/sandboxes\/([^/]+)$/.exec(resource) ?? [];
          if (freeze !== null && leaseId !== undefined) latecomers.set(leaseId, at);
        },
        "broker.leased": ({ data: { agentId, leaseId } }) => {
          instances.ofAgent(agentId)?.unstarted.add(leaseId);
        },
        "broker.released": (record) => {
          const { agentId, leaseId, how } = record.data;
          const instance = instances.ofAgent(agentId);
          const wasStarted = instance?.unstarted.delete(leaseId) !== true;
          const wasOwed = instance?.owed.delete(leaseId) === true;
          if (!wasOwed || how !== "handed-back") return;
          // What was restored and never ran is where its last checkpoint says.
          if (!wasStarted && record.data.checkpoint !== null) return;
          const summary = `${leaseId} was stopped and handed back, and of its snapshot nothing is told`;
          return violation(summary, instance?.freeze?.began.since, record);
        },
      },
      end: () => (freezes === 0 ? undecided("nothing was frozen") : passed(`${freezes} freezes`)),
    };
  },
);
