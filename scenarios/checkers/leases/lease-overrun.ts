import { checkerOf, passed, undecided } from "../checker.ts";
import { violation } from "../story.ts";

/**
 * A holder that is up and awake stops a job before the broker may lease it again: by its own clock when nobody renews
 * the lease (docs/cases.md, case 3), and before it hands it back (case 46). The epoch alone keeps a late result out,
 * but not two hosts from doing the same work. A lease that the broker ends because another instance does not name it is
 * not over by the time, and no clock could have told.
 */
export const leaseOverrun = checkerOf("no job runs on under a lease that is over (I1)", () => {
  const lost = new Set<string>();
  /** The last lease that ended, if it did by the time or was handed back. */
  let endedEarly: string | null = null;
  let leases = 0;
  return {
    on: {
      "broker.agent": ({ data: { agentId, standing } }) => {
        if (standing === "lost") lost.add(agentId);
        else lost.delete(agentId);
      },
      "broker.enrolled": ({ data: { agentId } }) => void lost.delete(agentId),
      "broker.released": ({ data: { agentId, leaseId, how } }) => {
        const early = how === "expired" || how === "handed-back" || (how === "agent-lost" && lost.has(agentId));
        endedEarly = early ? leaseId : null;
      },
      "witness.lease-over": (record) => {
        const { leaseId, running } = record.data;
        if (leaseId !== endedEarly) return;
        leases += 1;
        return running === 0 ? null : violation(`${running} processes ran on after ${leaseId} was over`, record);
      },
      // The store may know nothing any more of who was lost.
      "fault.applied": ({ data: { fault } }) => (fault === "lose-store" ? lost.clear() : undefined),
    },
    end: () => (leases === 0 ? undecided("no lease ended early") : passed(`${leases} leases ended early`)),
  };
});
