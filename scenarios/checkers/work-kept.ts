import { checkerOf, passed, type RecordOf, undecided } from "./checker.ts";
import { forgottenJobs } from "./forgotten-jobs.ts";
import { Recent } from "./recent.ts";
import { violation, type Violation } from "./story.ts";

/** A heartbeat names what is still to be reported and renews it; one may have been under way when the job ended. */
const heartbeatsMin = 3;

interface Done {
  readonly record: RecordOf<"agent.execution">;
  heartbeats: number;
}

/**
 * I3: what was completed is handed in, however often that takes and whoever is killed meanwhile (docs/cases.md, cases 16
 * and 17). So a lease whose job an agent has completed is never handed back, and never runs out while its holder is in
 * touch. A lease that runs out because nobody got through is no violation.
 */
export const workKept = checkerOf("no completed work is thrown away (I3)", () => {
  /** By lease: what was completed and is not yet taken by the broker. */
  const done = new Recent<Done>();
  /** By agent: the leases in `done` of its latest instance. */
  const open = new Map<string, Set<string>>();
  const agents = new Map<string, string>();
  let kept = 0;

  const judge = (record: RecordOf<"broker.released">, { record: end, heartbeats }: Done): Violation | null => {
    const { leaseId, how } = record.data;
    if (how === "handed-back")
      return violation(`${leaseId} was handed back, and its job had been completed`, end, record);
    const ranOut = (how === "expired" || how === "agent-lost") && heartbeats >= heartbeatsMin;
    if (!ranOut) return null;
    const summary = `${leaseId} ran out while its holder was in touch, and its job had been completed`;
    return violation(summary, end, record);
  };

  return {
    on: {
      "agent.started": ({ source, data: { agentId } }) => {
        if (agentId === null || agentId === undefined) return;
        agents.set(source, agentId);
        open.delete(agentId);
      },
      "agent.execution": (record) => {
        if (record.data.to !== "completed") return;
        const { leaseId } = record.data;
        done.set(leaseId, { record, heartbeats: 0 });
        const agentId = agents.get(record.source);
        if (agentId === undefined) return;
        open.set(agentId, (open.get(agentId) ?? new Set()).add(leaseId));
      },
      "broker.heartbeat": ({ data: { agentId } }) => {
        for (const leaseId of open.get(agentId) ?? []) {
          const one = done.get(leaseId);
          if (one !== undefined) one.heartbeats += 1;
        }
      },
      "broker.released": (record) => {
        const { leaseId, agentId } = record.data;
        const one = done.get(leaseId);
        if (one === undefined) return;
        done.delete(leaseId);
        open.get(agentId)?.delete(leaseId);
        kept += 1;
        return judge(record, one);
      },
      "fault.applied": (record) => {
        const jobs = new Set(forgottenJobs(record));
        if (jobs.size === 0) return;
        for (const leases of open.values()) {
          for (const leaseId of leases) {
            if (!jobs.has(done.get(leaseId)?.record.data.jobId ?? "")) continue;
            leases.delete(leaseId);
            done.delete(leaseId);
          }
        }
      },
    },
    end: () => (kept === 0 ? undecided("nothing was completed") : passed(`${kept} completed jobs`)),
  };
});
