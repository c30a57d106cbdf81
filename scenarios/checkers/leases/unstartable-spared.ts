import { checkerOf, passed, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { LeftToOthers } from "./left-to-others.ts";
import { violation } from "../story.ts";

/**
 * Nobody is asked again at once for what it just could not do: the broker leaves a job that an agent could not start to
 * others for a while. That it is offered there again in the end is `work-offered`'s.
 */
export const unstartableSpared = checkerOf(
  "a job is not offered again for a while to an agent that could not start it (L2)",
  dutyOf("startAgainAfterMs"),
  (settings) => {
    const left = new LeftToOthers(settings);
    let offers = 0;
    return {
      on: {
        "agent.execution": (record) => left.executed(record),
        "broker.released": (record) => left.released(record),
        "broker.enrolled": (record) => left.enrolled(record),
        "broker.offered": (record) => {
          const { agentId, jobId } = record.data;
          const because = left.because({ agentId, jobId, atMs: record.at });
          offers += 1;
          if (because === null) return null;
          return violation(`${jobId} is offered again to an agent that just could not start it`, because, record);
        },
      },
      end: () => (offers === 0 ? undecided("nothing was offered") : passed(`${offers} offers`)),
    };
  },
);
