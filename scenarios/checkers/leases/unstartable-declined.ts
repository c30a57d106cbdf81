import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation } from "../story.ts";

/** What an answer that was under way at the end of that time may make of it, in milliseconds. */
const slackMs = 1;

interface Chooser {
  /** The last start of each job that failed here. */
  readonly failed: Map<string, RecordOf<"agent.execution">>;
  /** The leases that it declined: a repeat of the offer gets the same answer. */
  readonly declined: Set<string>;
  /** Whether its state is one in which work is taken in. */
  open: boolean;
  /** It is about to be paused, or leaves, whatever its state says until then. */
  stopped: boolean;
  leaving: boolean;
}

/**
 * What an agent does with an offer has a reason. A job that it could not start is left to others for a while and then
 * tried again, and nothing else is declined while work is taken in.
 */
export const unstartableDeclined = checkerOf(
  "a job that could not be started is declined for a while (L2)",
  dutyOf("startAgainAfterMs"),
  ({ startAgainAfterMs }) => {
    const choosers = new Instances<Chooser>(() => ({
      ...{ failed: new Map(), declined: new Set(), open: false, stopped: false, leaving: false },
    }));
    let offers = 0;
    return {
      on: {
        "agent.started": (record) => void choosers.started(record),
        "agent.execution": (record) => {
          const { jobId, from, to } = record.data;
          if (from === "spawning" && to === "failed") choosers.of(record.source).failed.set(jobId, record);
        },
        "agent.offer": (record) => {
          const { failed, declined, open, stopped } = choosers.of(record.source);
          const closed = !open || stopped;
          const { jobId, leaseId, answer } = record.data;
          const before = failed.get(jobId);
          const sinceMs = before === undefined ? Infinity : record.at - before.at;
          offers += 1;
          const isRepeat = declined.has(leaseId);
          if (answer === "declined") declined.add(leaseId);
          if (answer === "accepted" && isRepeat) return violation("an offer is accepted that was declined", record);
          if (answer === "accepted" && closed)
            return violation("an offer is accepted, and no work is taken in", record);
          if (answer === "accepted" && sinceMs < startAgainAfterMs - slackMs) {
            return violation(`${jobId} is tried again where it could not be started just now`, before, record);
          }
          if (answer === "declined" && !isRepeat && !closed && sinceMs > startAgainAfterMs + slackMs) {
            return violation(`${jobId} is declined, and there is no reason to`, before, record);
          }
          return;
        },
        "agent.state": ({ source, data: { from, to } }) => {
          const chooser = choosers.of(source);
          chooser.open = to === "Idle" || to === "Working";
          chooser.leaving ||= to === "Withdrawing";
          // A job that ends meanwhile changes the state too, and nothing else.
          if (from === "Paused" && !chooser.leaving) chooser.stopped = false;
        },
        "agent.frozen": ({ source, data: { trigger } }) => {
          if (trigger !== "periodic checkpoint") choosers.of(source).stopped = true;
        },
        "agent.thawed": ({ source }) => {
          const chooser = choosers.of(source);
          // A pause was called off before it was in force.
          if (!chooser.leaving) chooser.stopped = false;
        },
        "agent.shutdown": ({ source }) => {
          const chooser = choosers.of(source);
          chooser.stopped = true;
          chooser.leaving = true;
        },
      },
      end: () => (offers === 0 ? undecided("nothing was offered") : passed(`${offers} offers were answered`)),
    };
  },
);
