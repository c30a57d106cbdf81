import { isTerminalJob } from "../../../protocol/job-states.ts";
import { checkerOf, failed, passed, type RecordOf, undecided } from "../checker.ts";
import { flag } from "../setting.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { violation } from "../story.ts";

interface Job {
  last: RecordOf<"broker.job">;
  /** The grant that holds it, while it is offered or leased. */
  grant: RecordOf<"broker.offered"> | null;
  released: RecordOf<"broker.released"> | null;
  /** The broker has shown that it has it, and since then neither died nor had another step of the plan to live through. */
  isListed: boolean;
}

/**
 * I3: an accepted job is never lost. Each of its steps goes on from the one before, and at every end of the log it is
 * settled, waits, or is in the hands of a grant that is live; and while it is open, the broker's list shows it to whoever
 * looks, as the harness does when the steps are over: where it was down then, nobody can tell of those that are open, and
 * what an earlier look saw does not count. What a store forgot or took back (fault `lose-store`) may go on from anywhere,
 * or not at all. Setting: `completedAll` = 1 where the plan settles every job.
 */
export const noLostJob = checkerOf(
  "no accepted job is lost (I3)",
  { completedAll: flag("the plan settles every job") },
  ({ completedAll }) => {
    const jobs = new Map<string, Job>();
    const forgotten = new Set<string>();
    const unlist = (): void => {
      for (const job of jobs.values()) job.isListed = false;
    };
    let submitted = 0;
    let settled = 0;
    return {
      on: {
        "broker.job": (record) => {
          const { jobId, from, to } = record.data;
          const job = jobs.get(jobId);
          const before = job?.last;
          const known = before?.data.to ?? null;
          const excused = forgotten.delete(jobId);
          if (from === null) submitted += 1;
          if (isTerminalJob(to)) {
            settled += 1;
            jobs.delete(jobId);
          } else if (job === undefined) {
            jobs.set(jobId, { last: record, grant: null, released: null, isListed: false });
          } else job.last = record;
          if (excused || known === from) return;
          const summary =
            known === null
              ? `${jobId} went from ${from} to ${to}, and it was never submitted or is settled`
              : `${jobId} was ${known} and then went from ${from ?? "nothing"} to ${to}`;
          return violation(summary, before, record);
        },
        "broker.offered": (record) => {
          const job = jobs.get(record.data.jobId);
          if (job !== undefined) job.grant = record;
          if (job !== undefined || forgotten.has(record.data.jobId)) return;
          return violation(`${record.data.jobId} was granted, and there is no such job to be done`, record);
        },
        "broker.released": (record) => {
          const job = jobs.get(record.data.jobId);
          if (job === undefined || job.grant?.data.leaseId !== record.data.leaseId) return;
          job.grant = null;
          job.released = record;
        },
        "witness.jobs": (record) => {
          const shown = new Set(record.data.jobs.map(({ jobId }) => jobId));
          for (const [jobId, job] of jobs) {
            if (!shown.has(jobId)) {
              const summary = `${jobId} is ${job.last.data.to}, and the broker does not show it any more`;
              return violation(summary, job.last, record);
            }
            job.isListed = true;
          }
          return;
        },
        // What its end brings (leases that are handed back, its own stop) comes after the last look, and takes nothing back.
        "step.begin": unlist,
        "step.end": unlist,
        "broker.started": unlist,
        "fault.applied": (record) => {
          if (record.data.fault === "kill-broker") unlist();
          for (const jobId of forgottenJobs(record)) {
            jobs.delete(jobId);
            forgotten.add(jobId);
          }
        },
      },
      end() {
        for (const [jobId, { last, grant, released }] of jobs) {
          if (last.data.to !== "queued" && grant === null) {
            const summary = `${jobId} is ${last.data.to} at the end, and nobody holds it`;
            return failed(violation(summary, ...inOrder(last, released)));
          }
        }
        const [open] = jobs.values();
        if (completedAll === 1 && open !== undefined) {
          const { jobId, to } = open.last.data;
          return failed(violation(`${jobs.size} jobs are not settled, ${jobId} is ${to}`, open.last));
        }
        if (submitted === 0) return undecided("no job was submitted");
        const words = `${submitted} submitted, ${settled} settled${openWords([...jobs.values()])}`;
        return [...jobs.values()].every(({ isListed }) => isListed) ? passed(words) : undecided(words);
      },
    };
  },
);

/** What is to be said of the jobs that nobody has ended: that they are not lost is the broker's word, or was seen. */
function openWords(open: readonly Job[]): string {
  if (open.length === 0) return "";
  const unseen = open.filter(({ isListed }) => !isListed).length;
  const seen = unseen === 0 ? " and on the broker's list" : `: ${unseen} of them nobody saw on the broker's list`;
  return `, ${open.length} open${seen}`;
}

function inOrder(
  last: RecordOf<"broker.job">,
  released: RecordOf<"broker.released"> | null,
): (RecordOf<"broker.job"> | RecordOf<"broker.released">)[] {
  return released === null ? [last] : [last, released];
}
