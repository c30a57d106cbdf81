import { checkerOf, failed, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

interface Move {
  readonly released: RecordOf<"broker.released">;
  to: RecordOf<"broker.leased"> | null;
}

/**
 * WC-13: a job that its holder lost without a word goes on at another agent, from the last checkpoint that the broker
 * has. Setting: `movedMin` (default 1), how many jobs are to change hands so.
 */
export const resumedElsewhere = checkerOf(
  "a lost holder's job goes on elsewhere from its checkpoint (WC-13)",
  { movedMin: atLeast(1, "jobs that change hands so") },
  ({ movedMin }) => {
    const moves = new Map<string, Move>();
    const saved = new Map<string, RecordOf<"agent.checkpoint">>();
    const acknowledged = new Set<string>();
    const from: number[] = [];
    return {
      on: {
        "agent.checkpoint": (record) => {
          saved.set(record.data.leaseId, record);
        },
        // From here on the broker has what was saved before.
        "broker.pause-acknowledged": () => {
          for (const leaseId of saved.keys()) acknowledged.add(leaseId);
        },
        "broker.released": (record) => {
          const { how, jobId, leaseId, checkpoint } = record.data;
          if (how !== "agent-lost" && how !== "expired") return null;
          const last = saved.get(leaseId);
          if (!acknowledged.has(leaseId) || last === undefined) return null;
          moves.set(jobId, { released: record, to: null });
          if ((checkpoint?.progress ?? 0) >= last.data.checkpoint.progress) return null;
          return violation(`${jobId} is taken back without the checkpoint that the broker had`, last, record);
        },
        "broker.leased": (record) => {
          const move = moves.get(record.data.jobId);
          if (move !== undefined && record.data.agentId !== move.released.data.agentId) move.to = record;
        },
        "witness.result": (record) => {
          const { jobId, startedFrom } = record.data;
          const move = moves.get(jobId);
          if (move === undefined || move.to === null) return null;
          const floor = move.released.data.checkpoint?.progress ?? 0;
          from.push(startedFrom ?? 0);
          if ((startedFrom ?? 0) >= floor) return null;
          const summary = `${jobId} was saved at ${floor}, and went on elsewhere from ${startedFrom ?? 0}`;
          return violation(summary, move.released, move.to, record);
        },
      },
      end() {
        const stayed = [...moves.values()].find(({ to }) => to === null);
        if (stayed !== undefined) {
          return failed(violation(`${stayed.released.data.jobId} did not go on elsewhere`, stayed.released));
        }
        const figures = `${from.length} jobs went on at another agent, from ${from.join(" and ")} units`;
        const isEnough = from.length >= movedMin && from.every((progress) => progress > 0);
        return isEnough ? passed(figures) : undecided(`${figures}; ${movedMin} were to, from above 0`);
      },
    };
  },
);
