import { checkerOf, failed, type Judgement, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast, count, flag } from "../setting.ts";
import { violation } from "../story.ts";

interface Job {
  state: RecordOf<"broker.job"> | null;
  leased: RecordOf<"broker.leased"> | null;
  released: RecordOf<"broker.released"> | null;
}

/**
 * I3: every job that ever started is completed, or was handed back with a checkpoint (and then possibly completed by
 * another holder); none is lost. One that the operator cancels is over: `cancelled`. Settings: `startedMin`, `handedBackMin`, and `completedAll` = 1 where the plan brings
 * every job to its end. `unsavedMin`, of those that are handed back without a checkpoint, only where the plan lets nobody
 * save one: on a full disk, or of an agent that was killed, whose next start hands its jobs back.
 */
export const jobsSettled = checkerOf(
  "every started job is completed, or handed back with a checkpoint (I3)",
  {
    startedMin: atLeast(1, "jobs that started"),
    handedBackMin: atLeast(0, "jobs that were handed back with a checkpoint"),
    unsavedMin: count("jobs that were handed back without one; not told where it is not asked", null),
    completedAll: flag("the plan brings every job to its end"),
    cancelled: count("jobs that the operator cancels, no more and no less; not told where none that started is", null),
  },
  ({ startedMin, handedBackMin, unsavedMin, completedAll, cancelled }) => {
    const jobs = new Map<string, Job>();
    let handedBack = 0;
    let unsaved = 0;
    const of = (jobId: string): Job => {
      const job = jobs.get(jobId) ?? { state: null, leased: null, released: null };
      jobs.set(jobId, job);
      return job;
    };
    return {
      on: {
        "broker.leased": (record) => {
          of(record.data.jobId).leased = record;
        },
        "broker.job": (record) => {
          of(record.data.jobId).state = record;
        },
        "broker.released": (record) => {
          const { jobId, how, checkpoint, progress } = record.data;
          of(jobId).released = record;
          if (how !== "handed-back") return;
          if (checkpoint === null) unsaved += 1;
          else handedBack += 1;
          if (checkpoint !== null || unsavedMin !== null) return;
          return violation(`${jobId} was handed back at progress ${progress} without a checkpoint`, record);
        },
      },
      end() {
        const all = [...jobs.values()];
        const lost = all.map((job) => judgeStarted(job, cancelled !== null)).find((judgement) => judgement !== null);
        if (lost !== undefined) return lost;
        const started = all.filter(({ leased }) => leased !== null).length;
        const submitted = all.filter(({ state }) => state !== null);
        const ended = submitted.filter(({ state }) => state?.data.to === "cancelled");
        if (cancelled !== null && ended.length !== cancelled) {
          const summary = `${ended.length} jobs are cancelled, and the operator cancelled ${cancelled}`;
          return failed(violation(summary, ended[0]?.state ?? null));
        }
        const open = submitted.filter(({ state }) => state?.data.to !== "completed");
        const completed = submitted.length - open.length;
        const without = unsavedMin === null ? "" : ` and ${unsaved} without`;
        const figures = `${started} started, ${completed} completed, ${handedBack} handed back with a checkpoint${without}`;
        if (started < startedMin) return undecided(`${figures}; ${startedMin} were to start`);
        if (handedBack < handedBackMin) return undecided(`${figures}; ${handedBackMin} were to be handed back`);
        if (unsaved < (unsavedMin ?? 0)) return undecided(`${figures}; ${unsavedMin} were to be without`);
        const first = open[0]?.state;
        if (completedAll === 1 && first !== undefined && first !== null) {
          const what = `${first.data.jobId} is ${first.data.to}`;
          const summary = `${figures}; ${open.length} of ${submitted.length} jobs are not completed, ${what}`;
          return failed(violation(summary, first));
        }
        return passed(`${figures} of ${submitted.length} submitted`);
      },
    };
  },
);

function judgeStarted({ state, leased, released }: Job, mayBeCancelled: boolean): Judgement | null {
  const now = state?.data.to;
  if (leased === null || now === "completed" || (now === "cancelled" && mayBeCancelled)) return null;
  const { jobId } = leased.data;
  if (now !== "queued" && now !== "offered") {
    return failed(violation(`${jobId} started and is ${now ?? "nowhere"} at the end`, leased, state));
  }
  if (released?.data.how === "handed-back" && released.data.checkpoint !== null) return null;
  const how = released?.data.how ?? "never released";
  const summary = `${jobId} started, is ${now} at the end, and its last holder left no checkpoint (${how})`;
  return failed(violation(summary, leased, released, state));
}
