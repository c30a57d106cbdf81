import { checkerOf, passed, undecided } from "./checker.ts";
import { dutySettings } from "./duty-settings.ts";
import { LeftToOthers } from "./left-to-others.ts";
import { violation } from "./story.ts";

/**
 * The broker's queue is fair: jobs are offered in the order in which they came in; one that was given back goes before
 * all others, because somebody has waited for it already, and one that could not be started goes behind them, because
 * the others may be; an agent that could not start a job is passed over with it for a while. And every grant of a job
 * has the number after the last one.
 */
export const queueOrder = checkerOf(
  "jobs are offered in the order of the queue, each under the next epoch (I1)",
  (settings) => {
    const left = new LeftToOthers(dutySettings(settings));
    /** Behind each other, the next to be offered first. */
    let queue: string[] = [];
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
        "broker.job": ({ data: { jobId, from, to } }) => {
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
          const isNext = (one: string): boolean =>
            one === jobId || !left.mayBe({ agentId, jobId: one, atMs: record.at });
          const first = anywhere.delete(jobId) ? jobId : queue.find(isNext);
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
