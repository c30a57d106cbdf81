import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { count } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * I1, I3: where nobody is lost for longer than a lease lasts, no job is granted a second time; so a broker that was
 * killed and is back knows what it had granted, and believes who works on. Setting: `again` (default 0), how many jobs are
 * to be granted a second time, because the plan has their holders die: neither fewer nor more.
 */
export const grantedOnce = checkerOf(
  "every job was granted once (I1, I3)",
  { again: count("jobs that are granted a second time, neither fewer nor more", 0) },
  ({ again }) => {
    const granted = new Map<string, RecordOf<"broker.leased">>();
    const twice = new Set<string>();
    return {
      on: {
        "broker.leased": (record) => {
          const { jobId } = record.data;
          const before = granted.get(jobId);
          granted.set(jobId, record);
          if (before === undefined) return;
          if (twice.has(jobId) || twice.size >= again) {
            return violation(`${jobId} was granted ${twice.has(jobId) ? "once more" : "twice"}`, before, record);
          }
          twice.add(jobId);
          return;
        },
      },
      end() {
        if (granted.size === 0) return undecided("nothing was granted");
        const figures = `${granted.size} jobs granted${twice.size === 0 ? "" : `, ${twice.size} of them twice`}`;
        return twice.size < again ? undecided(`${figures}; ${again} were to be`) : passed(figures);
      },
    };
  },
);
