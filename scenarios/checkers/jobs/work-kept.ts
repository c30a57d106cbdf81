import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { HolderContact } from "./holder-contact.ts";
import { violation, type Violation } from "../story.ts";

/** A heartbeat names what is still to be reported and renews it; one may have been under way when the job ended. */
const heartbeatsMin = 3;

/** A lease that the broker counts on. */
interface Lease {
  readonly leaseId: string;
  readonly agentId: string;
  /** For how long the broker granted it, by its own clock. */
  readonly lifeMs: number;
  /** Its job was completed by the holder, whose heartbeats were so many by then. */
  done: { readonly record: RecordOf<"agent.execution">; readonly heartbeats: number } | null;
}

/**
 * I3: what was completed is handed in, however often that takes and whoever is killed meanwhile (docs/cases.md, cases
 * 16 and 17). So a lease whose job an agent has completed is never handed back, never runs out while its holder is in
 * touch, and is known to the holder's next instance. A lease that runs out because nobody got through is no violation.
 */
export const workKept = checkerOf("no completed work is thrown away (I3)", () => {
  /** By job, which has one live lease at most; what is completed after its lease was over is nobody's loss. */
  const leases = new Map<string, Lease>();
  const contact = new HolderContact();
  let kept = 0;

  const judge = (record: RecordOf<"broker.released">, { leaseId, lifeMs, done }: Lease): Violation | null => {
    if (done === null) return null;
    kept += 1;
    const { how, agentId } = record.data;
    const wrong = (what: string) =>
      violation(`${leaseId} ${what}, and its job had been completed`, done.record, record);
    if (how === "handed-back") return wrong("was handed back");
    if (how === "agent-lost") return contact.isHeeded(agentId) ? wrong("was not known to the next instance") : null;
    if (how !== "expired" || contact.heartbeatsOf(agentId) - done.heartbeats < heartbeatsMin) return null;
    // Every one of them renewed it, if it was named: it would not have run out before its whole life was over again.
    return record.at - contact.lastHeartbeatAt(agentId) > lifeMs / 2
      ? null
      : wrong("ran out while its holder was in touch");
  };

  return {
    on: {
      "broker.leased": ({ at, data: { jobId, leaseId, agentId, expiresAt } }) => {
        leases.set(jobId, { leaseId, agentId, lifeMs: expiresAt - at, done: null });
      },
      "agent.execution": (record) => {
        const lease = leases.get(record.data.jobId);
        if (record.data.to !== "completed" || lease?.leaseId !== record.data.leaseId) return;
        lease.done = { record, heartbeats: contact.heartbeatsOf(lease.agentId) };
      },
      "broker.released": (record) => {
        const lease = leases.get(record.data.jobId);
        if (lease?.leaseId !== record.data.leaseId) return;
        leases.delete(record.data.jobId);
        return judge(record, lease);
      },
      "agent.started": (record) => contact.started(record),
      "broker.started": () => contact.restart(),
      "broker.enrolled": (record) => contact.enrolled(record),
      "broker.heartbeat": (record) => contact.heard(record),
      "broker.agent": (record) => contact.stands(record),
      "fault.applied": (record) => {
        contact.forget(record);
        for (const jobId of forgottenJobs(record)) leases.delete(jobId);
      },
    },
    end: () => (kept === 0 ? undecided("nothing was completed") : passed(`${kept} completed jobs`)),
  };
});
