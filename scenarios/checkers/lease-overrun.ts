import { checkerOf, passed, undecided } from "./checker.ts";
import { violation } from "./story.ts";

/**
 * A holder that is up and awake stops a job by its own clock before the broker may lease it again (docs/cases.md, case
 * 3): the epoch alone keeps a late result out, but not two hosts from doing the same work.
 */
export const leaseOverrun = checkerOf("no job runs on under a lease that is over (I1)", () => {
  let leases = 0;
  return {
    on: {
      "witness.lease-over": (record) => {
        const { leaseId, running } = record.data;
        leases += 1;
        return running === 0 ? null : violation(`${running} processes ran on after ${leaseId} was over`, record);
      },
    },
    end: () => (leases === 0 ? undecided("no lease ended by the time") : passed(`${leases} leases ended by the time`)),
  };
});
