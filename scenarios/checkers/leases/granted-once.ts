import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/**
 * I1, I3: where nobody is lost for longer than a lease lasts, no job is granted a second time; so a broker that was
 * killed and is back knows what it had granted, and believes who works on.
 */
export const grantedOnce = checkerOf("every job was granted once (I1, I3)", () => {
  const granted = new Map<string, RecordOf<"broker.leased">>();
  return {
    on: {
      "broker.leased": (record) => {
        const { jobId } = record.data;
        const before = granted.get(jobId);
        if (before !== undefined) return violation(`${jobId} was granted twice`, before, record);
        granted.set(jobId, record);
        return;
      },
    },
    end: () => (granted.size === 0 ? undecided("nothing was granted") : passed(`${granted.size} jobs granted`)),
  };
});
