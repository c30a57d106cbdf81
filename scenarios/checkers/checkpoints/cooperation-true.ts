import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Instances } from "../instances.ts";
import { Recent } from "../recent.ts";
import { violation, type Violation } from "../story.ts";

type Told = RecordOf<"agent.cooperation">;

interface Instance {
  frozen: RecordOf<"agent.frozen"> | null;
  /** It shuts down, and lets nothing go on any more, whatever pause is called off. */
  leaves: boolean;
  readonly running: Set<string>;
  /** What was told last of each lease that was asked since the last thaw. */
  readonly told: Map<string, Told>;
}

/**
 * What an agent says of jobs that cooperate is so (I8): none is asked while it stands still, of each that was asked it
 * is told what came of it before the freeze, only one that wrote its file was ready, and a checkpoint says whether it
 * was. Whether a job wrote its file is judged where the host says so itself.
 */
export const cooperationTrue = checkerOf("what is said of a job's cooperation is so (I8)", () => {
  const instances = new Instances<Instance>(() => ({
    frozen: null,
    leaves: false,
    running: new Set(),
    told: new Map(),
  }));
  /** The last time that each job wrote its file; asked anew it has to write it anew. */
  const written = new Recent<HistoryRecord>();
  let isWitnessed = false;
  let judged = 0;

  const wrongWord = (record: Told): Violation | null => {
    const { leaseId, stage, jobId } = record.data;
    const { frozen, told } = instances.of(record.source);
    const before = told.get(leaseId);
    told.set(leaseId, record);
    judged += 1;
    if (frozen !== null) return violation(`${jobId} stands still, and ${stage} is told of it`, frozen, record);
    if (stage === "asked") {
      written.delete(leaseId);
      return null;
    }
    if (before?.data.stage !== "asked")
      return violation(`${jobId} was not asked for what is told of it`, before, record);
    if (stage !== "ready" || !isWitnessed || written.get(leaseId) !== undefined) return null;
    return violation(`${jobId} counts as ready, and has not written its file`, before, record);
  };
  return {
    on: {
      "agent.started": (record) => {
        instances.of(record.source);
        instances.started(record);
      },
      "witness.cooperated": (record) => {
        isWitnessed = true;
        written.set(record.data.leaseId, record);
      },
      "agent.execution": ({ source, data: { leaseId, to } }) => {
        const { running } = instances.of(source);
        if (to === "running") running.add(leaseId);
        else running.delete(leaseId);
      },
      "agent.cooperation": wrongWord,
      "agent.frozen": (record) => {
        const instance = instances.of(record.source);
        instance.frozen = record;
        for (const [leaseId, last] of instance.told) {
          if (last.data.stage !== "asked" || !instance.running.has(leaseId)) continue;
          return violation(`${last.data.jobId} was frozen, and what came of asking it is not told`, last, record);
        }
        return null;
      },
      "agent.thawed": ({ source }) => {
        const instance = instances.of(source);
        if (instance.leaves) return;
        instance.frozen = null;
        instance.told.clear();
      },
      "agent.shutdown": ({ source }) => void (instances.of(source).leaves = true),
      "agent.checkpoint": (record) => {
        const { leaseId, jobId, cooperative } = record.data;
        if (cooperative === undefined) return null;
        const last = instances.of(record.source).told.get(leaseId);
        if (cooperative === (last?.data.stage === "ready")) return null;
        const says = cooperative ? "it was ready" : "it was not ready";
        return violation(`the checkpoint of ${jobId} says that ${says}, and that is not so`, last, record);
      },
    },
    end: () => (judged === 0 ? undecided("no job was asked to cooperate") : passed(`${judged} words`)),
  };
});
