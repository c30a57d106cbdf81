import type { ExecutionState } from "../../../protocol/execution-states.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { Recent } from "../recent.ts";
import { violation, type Violation } from "../story.ts";

interface Grant {
  readonly offered: RecordOf<"broker.offered">;
  leased: RecordOf<"broker.leased"> | null;
}

/** What its agent says of a lease's execution, where that cannot end as the broker recorded it. */
const contradictions: Readonly<Record<"completed" | "failed", readonly ExecutionState[]>> = {
  completed: ["failed", "killing", "killed"],
  failed: ["completed", "killing", "killed"],
};

/**
 * I2: an end or a hand-back is recorded only for the grant that is live and was accepted, with its lease, epoch and
 * agent; and a recorded end is the one that the agent's execution came to (docs/cases.md, cases 1 and 42). What ends
 * otherwise is called by what it was: an offer is declined or lapses, a lease expires or is lost with its agent.
 */
export const fencing = checkerOf("no result is recorded under a lease that is over (I2)", () => {
  const live = new Map<string, Grant>();
  const over = new Recent<RecordOf<"broker.released">>();
  const executions = new Recent<RecordOf<"agent.execution">>();
  /** Jobs whose grant, if there is one, the log does not know. */
  const forgotten = new Set<string>();
  let recorded = 0;

  /** An offer is declined or lapses, and a lease is handed back or expires. */
  const judgeWord = (record: RecordOf<"broker.released">): Violation | null => {
    const { leaseId, how } = record.data;
    const grant = live.get(record.data.jobId);
    if (grant?.offered.data.leaseId !== leaseId) return null;
    const wasOffer = how === "declined" || how === "offer-lapsed";
    const wasLease = how === "expired" || how === "agent-lost";
    if (wasOffer && grant.leased !== null)
      return violation(`${leaseId} was accepted, and is ${how}`, grant.leased, record);
    if (wasLease && grant.leased === null)
      return violation(`${leaseId} was not accepted, and is ${how}`, grant.offered, record);
    return null;
  };
  const judgeRelease = (record: RecordOf<"broker.released">): Violation | null => {
    const { jobId, leaseId, epoch, agentId, how } = record.data;
    const grant = live.get(jobId);
    const held = grant?.offered.data;
    if (held?.leaseId !== leaseId || held.epoch !== epoch || held.agentId !== agentId) {
      const now = held === undefined ? "nothing was granted" : `${held.leaseId} of epoch ${held.epoch} was live`;
      const summary = `${jobId} was ${how} under ${leaseId} of epoch ${epoch} while ${now}`;
      return violation(summary, over.get(leaseId), grant?.offered, record);
    }
    if (grant?.leased === null) {
      return violation(`${jobId} was ${how} under ${leaseId}, an offer that nobody accepted`, grant.offered, record);
    }
    const execution = executions.get(leaseId);
    if (how === "handed-back" || execution === undefined) return null;
    if (!contradictions[how as "completed" | "failed"].includes(execution.data.to)) return null;
    const summary = `${jobId} was recorded as ${how} under ${leaseId}, whose execution is ${execution.data.to}`;
    return violation(summary, grant?.leased, execution, record);
  };

  return {
    on: {
      "broker.offered": (record) => {
        forgotten.delete(record.data.jobId);
        live.set(record.data.jobId, { offered: record, leased: null });
      },
      "broker.leased": (record) => {
        const grant = live.get(record.data.jobId);
        const held = grant?.offered.data;
        if (grant !== undefined && held?.leaseId === record.data.leaseId && held.agentId === record.data.agentId) {
          grant.leased = record;
          return;
        }
        if (forgotten.has(record.data.jobId)) return;
        return violation(`${record.data.leaseId} was leased without an open offer of it`, grant?.offered, record);
      },
      "broker.released": (record) => {
        const { jobId, leaseId, how } = record.data;
        const judged = how === "completed" || how === "failed" || how === "handed-back";
        if (judged) recorded += 1;
        const excused = judged && forgotten.delete(jobId);
        const wrong = excused ? null : judged ? judgeRelease(record) : judgeWord(record);
        if (live.get(jobId)?.offered.data.leaseId === leaseId) live.delete(jobId);
        over.set(leaseId, record);
        executions.delete(leaseId);
        return wrong;
      },
      "agent.execution": (record) => {
        executions.set(record.data.leaseId, record);
      },
      "fault.applied": (record) => {
        for (const jobId of forgottenJobs(record)) {
          live.delete(jobId);
          forgotten.add(jobId);
        }
      },
    },
    end: () =>
      recorded === 0 ? undecided("nothing was completed or handed back") : passed(`${recorded} ends and hand-backs`),
  };
});
