import { cooperationWaitMsMax } from "../../../protocol/cooperative-checkpoint.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { isPeriodic } from "../pause/periodic-freeze.ts";
import { violation, type Violation } from "../story.ts";

/** How late a timer may be. */
const lateMsMax = 250;
/** How soon an agent notices what a job wrote. */
const noticedMsMax = 25;

interface Instance {
  /** It shuts down, and may wait longer than for a periodic checkpoint, also for whom it asked before. */
  leaves: boolean;
  readonly running: Set<string>;
  /** Since the last thaw: who ran when it was the time to be asked, and who was. */
  askable: Set<string> | null;
  readonly asked: Map<string, RecordOf<"agent.cooperation">>;
}

/**
 * A job that cooperates is asked before each periodic checkpoint, is waited for no longer than anybody may be, and is
 * heard when it has written its file in that time (I8).
 */
export const cooperationHeeded = checkerOf(
  "a job that cooperates is asked, heard, and not waited for longer (I8)",
  dutyOf("checkpointIntervalMs"),
  ({ checkpointIntervalMs }) => {
    const instances = new Instances<Instance>(() => ({
      leaves: false,
      running: new Set(),
      askable: null,
      asked: new Map(),
    }));
    /** How long after it was asked each job wrote its file, by lease. */
    const wroteAfterMs = new Map<string, number>();
    let heeded = 0;

    const boundMs = (record: RecordOf<"agent.cooperation">): number =>
      isPeriodic(record) && !instances.of(record.source).leaves
        ? Math.min(cooperationWaitMsMax, checkpointIntervalMs / 4)
        : cooperationWaitMsMax;

    const overdue = (record: RecordOf<"agent.woke"> | RecordOf<"agent.frozen">): Violation | null => {
      for (const asked of instances.of(record.source).asked.values()) {
        const ageMs = record.at - asked.at;
        if (asked.data.stage !== "asked" || ageMs <= boundMs(asked) + lateMsMax) continue;
        return violation(`${asked.data.jobId} is waited for since ${ageMs} ms`, asked, record);
      }
      return null;
    };
    return {
      on: {
        "agent.started": (record) => {
          instances.of(record.source);
          instances.started(record);
        },
        "agent.execution": ({ source, data: { leaseId, to } }) => {
          const { running, asked } = instances.of(source);
          if (to === "running") running.add(leaseId);
          else {
            running.delete(leaseId);
            asked.delete(leaseId);
          }
        },
        "witness.cooperated": ({ data: { leaseId, afterMs } }) => void wroteAfterMs.set(leaseId, afterMs),
        "agent.cooperation": (record) => {
          const { leaseId, jobId, stage, waitedMs } = record.data;
          const instance = instances.of(record.source);
          const before = instance.asked.get(leaseId);
          if (stage === "asked") {
            instance.askable ??= new Set(instance.running);
            instance.asked.set(leaseId, record);
            wroteAfterMs.delete(leaseId);
            return null;
          }
          instance.asked.set(leaseId, record);
          heeded += 1;
          if (waitedMs > boundMs(record) + lateMsMax) {
            return violation(`${jobId} was waited for ${waitedMs} ms long`, before, record);
          }
          const wroteMs = wroteAfterMs.get(leaseId);
          if (stage !== "given-up" || wroteMs === undefined || waitedMs - wroteMs <= noticedMsMax) return null;
          return violation(`${jobId} wrote its file after ${wroteMs} ms, and was given up`, before, record);
        },
        "agent.woke": overdue,
        "agent.frozen": (record) => {
          const instance = instances.of(record.source);
          instance.askable ??= new Set(instance.running);
          return overdue(record);
        },
        "agent.shutdown": ({ source }) => void (instances.of(source).leaves = true),
        "agent.thawed": ({ source }) => {
          const instance = instances.of(source);
          instance.askable = null;
          instance.asked.clear();
        },
        "agent.checkpoint": (record) => {
          const { leaseId, jobId, cooperative } = record.data;
          if (cooperative !== false || !isPeriodic(record)) return null;
          const { askable, asked } = instances.of(record.source);
          if (askable?.has(leaseId) !== true || asked.has(leaseId)) return null;
          return violation(`${jobId} cooperates, and was not asked to`, record);
        },
      },
      end: () => (heeded === 0 ? undecided("no job was asked to cooperate") : passed(`${heeded} answers`)),
    };
  },
);
