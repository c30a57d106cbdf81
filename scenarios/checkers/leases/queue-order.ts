import { checkerOf, passed, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { LeftToOthers } from "./left-to-others.ts";
import { violation } from "../story.ts";

/** What the commits on the way may take, in milliseconds. */
const slackMs = 200;

/**
 * The broker's queue is fair: jobs of a higher priority are offered first, and those of one in the order in which they
 * came in; one that was given back goes before all others of its priority, because somebody has waited for it already,
 * and one that could not be started goes behind them, because the others may be; an agent that could not start a job is
 * passed over with it for a while, and a job that waits after a failed attempt keeps its place and is passed by. And
 * every grant of a job has the number after the last one.
 */
export const queueOrder = checkerOf(
  "jobs are offered in the order of the queue, each under the next epoch (I1)",
  dutyOf("startAgainAfterMs"),
  (settings) => {
    const left = new LeftToOthers(settings);
    /** Behind each other, the next of its priority to be offered first. */
    let queue: string[] = [];
    /** Those that are not the usual one, 0. */
    const priorities = new Map<string, number>();
    /** Of queued jobs that wait: until when, by the broker's clock. */
    const waits = new Map<string, number>();
    const epochs = new Map<string, number>();
    /** Where a job could not be started: by job, the agents' instances. */
    const failedStarts = new Set<string>();
    /** Leases that ended because of that, and whose agent told so. */
    const unstartable = new Map<string, string>();
    /** Queued jobs whose place nobody can tell: their agent could not start them, and left before it said so. */
    const anywhere = new Set<string>();
    const unsure = new Set<string>();
    /** The lease under which a job was granted last. */
    const lastLease = new Map<string, string>();
    const firstOf = (jobs: readonly string[]): string | undefined => {
      const highest = Math.max(...jobs.map((one) => priorities.get(one) ?? 0));
      return jobs.find((one) => (priorities.get(one) ?? 0) === highest);
    };
    let offers = 0;
    const leavers = new Set<string>();
    const leaves = (source: string): void => {
      leavers.add(source);
      for (const [leaseId, starter] of unstartable) if (starter === source) unsure.add(leaseId);
    };
    return {
      on: {
        "agent.state": ({ source, data: { to } }) => {
          // What a paused agent is offered goes back by itself.
          if (to === "Withdrawing" || to === "Paused") leaves(source);
        },
        "agent.shutdown": ({ source }) => leaves(source),
        "broker.job": ({ data: { jobId, from, to, priority = 0, backoff } }) => {
          if (from === null && priority !== 0) priorities.set(jobId, priority);
          waits.delete(jobId);
          if (backoff !== undefined) waits.set(jobId, backoff.until);
          if (to === "cancelled" || to === "failed") {
            queue = queue.filter((one) => one !== jobId);
            anywhere.delete(jobId);
          }
          if (to !== "queued") return;
          const leaseId = lastLease.get(jobId) ?? "";
          const behind = from === null || unstartable.delete(leaseId);
          if (unsure.delete(leaseId)) anywhere.add(jobId);
          else if (behind) queue.push(jobId);
          else queue.unshift(jobId);
        },
        "broker.offered": (record) => {
          const { agentId, jobId, leaseId, epoch } = record.data;
          // Told when it is in the store: what had waited for long enough since may not have when it was decided.
          const mayWait = (one: string): boolean => (waits.get(one) ?? -Infinity) > record.at - slackMs;
          const isNext = (one: string): boolean =>
            one === jobId || (!left.mayBe({ agentId, jobId: one, atMs: record.at }) && !mayWait(one));
          const first = anywhere.delete(jobId) ? jobId : firstOf(queue.filter(isNext));
          queue = queue.filter((one) => one !== jobId);
          offers += 1;
          lastLease.set(jobId, leaseId);
          if (first !== jobId) return violation(`${jobId} was offered, and ${first ?? "nothing"} was the next`, record);
          const before = epochs.get(jobId) ?? 0;
          epochs.set(jobId, epoch);
          return epoch === before + 1 ? null : violation(`the grant after epoch ${before} has epoch ${epoch}`, record);
        },
        "broker.released": (record) => left.released(record),
        "broker.enrolled": (record) => left.enrolled(record),
        "agent.execution": (record) => {
          const { source, data } = record;
          const { jobId, leaseId, from, to } = data;
          left.executed(record);
          if (from !== "spawning" || to !== "failed") return;
          failedStarts.add(`${source} ${jobId}`);
          unstartable.set(leaseId, source);
          if (leavers.has(source)) unsure.add(leaseId);
        },
        "agent.offer": ({ source, data: { jobId, leaseId, answer, reason } }) => {
          // Declined for want of room or because nothing is taken in, it goes back to the front.
          const forTheJob = failedStarts.has(`${source} ${jobId}`) && reason.startsWith("this job");
          if (answer !== "declined" || !forTheJob) return;
          unstartable.set(leaseId, source);
          if (leavers.has(source)) unsure.add(leaseId);
        },
      },
      end: () => (offers === 0 ? undecided("nothing was offered") : passed(`${offers} offers`)),
    };
  },
);
