import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf, uploadMs } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

/** A signal so soon after the one before, or after a freeze, is the same wish; milliseconds. */
const repeatMs = 500;
/** A snapshot is not waited for any longer, nor a process that does not die. */
const snapshotMsMax = 30_000;
const unkillableMs = 60_000;
/** The stop itself takes so long at most (L4). */
const freezeMs = 10;
/** A signal is heard at once. */
const heardMs = 100;
/** So many messages follow one another at most on the way out (an acceptance, a checkpoint, the end), and what else takes its time. */
const ways = 8;
const spareMs = 300;

type Wish = RecordOf<"witness.signal"> | RecordOf<"witness.command">;

interface Instance {
  /** What it shuts down for, and how long after that on its own clock it began to. */
  asked: Wish | null;
  offsetMs: number | null;
  /** The signals that count: each a new wish. */
  readonly counted: RecordOf<"witness.signal">[];
  /** A command that it may not have heard yet. */
  goodbye: RecordOf<"witness.command"> | null;
  frozenAt: number;
  /** What that freeze was for, and when it was asked for. */
  freeze: { readonly trigger: string; readonly askedAt: number } | null;
  /** Until then a freeze had the process to itself. */
  heldUntil: number;
  snapshotMs: number;
  /** What its largest checkpoint of several chunks takes on its way to the broker. */
  chunksMs: number;
  /** When its jobs were asked to put their files in order, and how long the freeze waited for them. */
  askedJobsAt: number | null;
  cooperationMs: number;
  isLeaving: boolean;
  hasBegun: boolean;
  /** It took a lease once: what becomes of that may take its time. */
  hasWorked: boolean;
  /** Since when it is ending the processes of a lease, by its own clock, and the longest that it took. */
  readonly ending: Map<string, number>;
  endedInMs: number;
}

/**
 * Where nothing breaks, a process ends when it is told to: soon at the first signal or the broker's goodbye, at once
 * but for the broker's answer at the second, and at once at the third (I9; docs/cases.md, cases 43 to 47). The
 * witness's clock counts.
 */
export const shutdownBound = checkerOf(
  "a shutdown ends in time, and for a reason (I9)",
  dutyOf("latencyMsMax", "terminateGraceMs", "uploadChunkBytes", "checkpointBytesMax"),
  (duty) => {
    const { latencyMsMax, terminateGraceMs } = duty;
    const instances = new Instances<Instance>(() => ({
      ...{
        asked: null,
        offsetMs: null,
        counted: [],
        goodbye: null,
        frozenAt: -Infinity,
        freeze: null,
        heldUntil: -Infinity,
        snapshotMs: 0,
        chunksMs: 0,
      },
      ...{ askedJobsAt: null, cooperationMs: 0 },
      ...{ isLeaving: false, hasBegun: false, hasWorked: false, ending: new Map(), endedInMs: 0 },
    }));
    /** The leases whose end the broker has written down. */
    const over = new Set<string>();
    let ends = 0;

    /** How long it may take from the last wish that counts. */
    const boundMs = ({ counted, cooperationMs, snapshotMs, chunksMs, ending, endedInMs }: Instance): number => {
      const stuckMs = ending.size > 0 ? unkillableMs : endedInMs;
      if (counted.length > 2) return 10;
      if (counted.length > 1) return ways * latencyMsMax + spareMs + stuckMs;
      const savedMs = snapshotMs + Math.min(chunksMs, snapshotMsMax);
      return cooperationMs + savedMs + terminateGraceMs + ways * latencyMsMax + spareMs + stuckMs;
    };

    /** The instances that were told to end and have not. */
    const owing = new Set<Instance>();

    const overdue = (record: HistoryRecord): Violation | null => {
      for (const instance of owing) {
        const { counted, hasBegun, hasWorked, isLeaving } = instance;
        const wish = counted.at(-1);
        if (wish === undefined || isLeaving) continue;
        const sinceMs = record.at - wish.at;
        if (!hasBegun && sinceMs > heardMs) return violation("a signal had no effect", wish, record);
        const workMs = hasWorked && counted.length === 1 ? snapshotMsMax + unkillableMs : 0;
        if (sinceMs > boundMs(instance) + workMs + heardMs) {
          return violation(`a process goes on ${sinceMs} ms after ${counted.length} signals`, ...counted, record);
        }
      }
      return null;
    };

    const signalled = (record: RecordOf<"witness.signal">): void => {
      const instance = instances.ofAgent(record.data.agentId ?? "");
      if (instance === undefined || instance.isLeaving) return;
      const { counted, offsetMs, heldUntil } = instance;
      instance.asked ??= record;
      owing.add(instance);
      const last = counted.at(-1);
      if (last === undefined) counted.push(record);
      // Of one that began for the broker's sake it is not known when.
      else if (offsetMs !== null && record.at - Math.max(last.at, heldUntil - offsetMs) >= repeatMs)
        counted.push(record);
    };

    const wrongEnd = (record: RecordOf<"witness.exit">): Violation | null => {
      const { agentId, how } = record.data;
      const instance = instances.ofAgent(agentId);
      if (instance === undefined || instance.isLeaving || (how !== "shutdown" && how !== "interrupted")) return null;
      const { asked, goodbye, counted } = instance;
      ends += 1;
      owing.delete(instance);
      const wish = counted.at(-1) ?? asked ?? goodbye;
      if (wish === null) return violation("a process ended, and nobody had asked for that", record);
      const isThird = counted.length > 2;
      if (instance.offsetMs !== null && isThird !== (how === "interrupted")) {
        return violation(`a process was ${how} after ${counted.length} signals`, ...counted, record);
      }
      const tookMs = record.at - wish.at;
      const mostMs = boundMs(instance) + (wish.type === "witness.command" ? latencyMsMax : 0);
      if (instance.asked === null || tookMs <= mostMs) return null;
      return violation(`a process took ${tookMs} ms to end, and ought to have in ${mostMs}`, wish, record);
    };

    return {
      on: {
        "agent.started": (record: HistoryRecord & { type: "agent.started" }) => {
          instances.started(record);
          instances.of(record.source);
        },
        "agent.state": ({ source, data }) => void (instances.of(source).isLeaving ||= data.to === "Withdrawing"),
        "agent.offer": ({ source }) => void (instances.of(source).hasWorked = true),
        "agent.cooperation": (record) => {
          if (record.data.stage === "asked") instances.of(record.source).askedJobsAt ??= record.at;
        },
        "agent.frozen": (record) => {
          const instance = instances.of(record.source);
          const { trigger, freezeMs: tookMs } = record.data;
          const { freeze: before } = instance;
          const freeze = { trigger, askedAt: record.at - tookMs };
          // A sandbox that came up in a freeze is stopped too, which holds up nothing: whoever came meanwhile was heard.
          const isLatecomers = before?.trigger === trigger && Math.abs(freeze.askedAt - before.askedAt) <= freezeMs;
          instance.frozenAt = record.at;
          instance.freeze = freeze;
          // One that waited for jobs did not keep it from hearing signals meanwhile.
          if (instance.askedJobsAt === null && !isLatecomers) instance.heldUntil = record.at;
          instance.cooperationMs += record.at - (instance.askedJobsAt ?? record.at);
          instance.askedJobsAt = null;
        },
        "agent.thawed": ({ source }) => {
          // A pause that is called off on the way out lets nothing go on.
          if (!instances.of(source).hasBegun) instances.of(source).cooperationMs = 0;
        },
        "agent.execution": ({ source, at, data: { leaseId, to } }) => {
          const instance = instances.of(source);
          const { ending } = instance;
          if (to === "killing") ending.set(leaseId, at);
          // It waited for a snapshot of what the broker took away before that was there.
          const isCutOff = to === "killing" && over.has(leaseId) && instance.hasBegun;
          const waitedMs = isCutOff ? Math.min(snapshotMsMax, at - instance.frozenAt) : 0;
          instance.snapshotMs = Math.max(instance.snapshotMs, waitedMs);
          if (to !== "killed") return;
          instance.endedInMs = Math.max(instance.endedInMs, at - (ending.get(leaseId) ?? at));
          ending.delete(leaseId);
        },
        "agent.checkpoint": ({ source, data }) => {
          const instance = instances.of(source);
          const { archiveBytes } = data.checkpoint;
          const isLarge = archiveBytes > duty.uploadChunkBytes && archiveBytes <= duty.checkpointBytesMax;
          if (isLarge) instance.chunksMs = Math.max(instance.chunksMs, uploadMs(duty, archiveBytes));
          if (instance.asked !== null) instance.snapshotMs = Math.max(instance.snapshotMs, data.durationMs);
        },
        "agent.checkpoint-failed": ({ source }) => void (instances.of(source).snapshotMs = snapshotMsMax),
        "agent.shutdown": (record) => {
          const instance = instances.of(record.source);
          if (record.data.stage === "end") return;
          instance.hasBegun = true;
          const [first] = instance.counted;
          if (first !== undefined && instance.goodbye === null) instance.offsetMs = record.at - first.at;
          instance.asked ??= instance.goodbye;
        },
        "witness.command": (record) => {
          const instance = instances.ofAgent(record.data.agentId);
          // One that was said while it enrolled, and heard nothing yet, is not the one that it leaves for.
          if (instance?.hasBegun === false && record.data.command === "goodbye") instance.goodbye = record;
          return overdue(record);
        },
        "witness.signal": (record) => {
          const late = overdue(record);
          signalled(record);
          return late;
        },
        "witness.resource": overdue,
        "broker.heartbeat": overdue,
        "broker.job": overdue,
        "broker.released": ({ data: { leaseId } }) => void over.add(leaseId),
        "witness.exit": wrongEnd,
      },
      end: () => (ends === 0 ? undecided("no process was told to end") : passed(`${ends} ends`)),
    };
  },
);
