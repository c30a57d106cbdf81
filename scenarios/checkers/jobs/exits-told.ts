import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Recent } from "../recent.ts";
import { violation } from "../story.ts";

/**
 * An execution that the agent did not stop is recorded with the end that its first process came to: above all, a job
 * that took too much is not told to have ended by the signal that it was ended with (WC-12). Judged where the host
 * itself says how processes end.
 */
export const exitsTold = checkerOf("an execution is recorded with the end that its process came to (WC-12)", () => {
  const ends = new Recent<RecordOf<"witness.job-ended">>();
  let told = 0;
  return {
    on: {
      "witness.job-ended": (record) => ends.set(record.data.leaseId, record),
      "agent.execution": (record) => {
        const { leaseId, jobId, from, to, exit } = record.data;
        const end = ends.get(leaseId);
        if (end === undefined || from !== "running" || (to !== "completed" && to !== "failed")) return;
        told += 1;
        if (isSame(exit, end.data.exit)) return;
        const said =
          exit === undefined ? "and nothing is told of that" : `and what is told is: ${JSON.stringify(exit)}`;
        return violation(`${jobId} ended so: ${JSON.stringify(end.data.exit)}; ${said}`, end, record);
      },
    },
    end: () => (told === 0 ? undecided("no job came to an end of its own") : passed(`${told} ends were told`)),
  };
});

type Exit = RecordOf<"agent.execution">["data"]["exit"];

function isSame(one: Exit, other: Exit): boolean {
  if (one === undefined || other === undefined || one.by !== other.by) return one === other;
  if (JSON.stringify(one) === JSON.stringify(other)) return true;
  const sorted = (exit: object): string => JSON.stringify(Object.entries(exit).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
}
