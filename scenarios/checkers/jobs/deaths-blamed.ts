import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Instances } from "../instances.ts";
import { Recent } from "../recent.ts";
import { violation } from "../story.ts";

interface Speaker {
  /** Leases whose processes it spawned and did not see end. */
  readonly ran: Set<string>;
  isPaused: boolean;
  /** What explains its end besides a job. */
  excuse: string | null;
}

/** The start after an instance that ended while a lease's job ran, and what explains that besides the job. */
interface Death {
  readonly next: RecordOf<"agent.started">;
  excuse: string | null;
  /** The word that it died was on its way before anything explained that. */
  isTold: boolean;
}

/** How the agents say it (`agent/core/start.ts`). */
const blame = "the agent died while it ran";

/**
 * I3: a job is blamed for the death of its agent only if that ended while the job ran, and not for what donors do: the
 * host was paused, the agent on its way out, or the whole host went down (docs/cases.md, case 19).
 */
export const deathsBlamed = checkerOf("no job is blamed for what its donors did (I3)", () => {
  const speakers = new Instances<Speaker>(() => ({ ran: new Set(), isPaused: false, excuse: null }));
  const deaths = new Recent<Death>();
  /** What each agent's instances left to be given back. */
  const orphans = new Map<string, readonly string[]>();
  const released = new Recent<string>();
  let blamed = 0;
  return {
    on: {
      "agent.started": (record) => {
        const { agentId } = record.data;
        const before = speakers.started(record);
        // Spoken of from now on, before it says anything else.
        speakers.of(record.source);
        if (before === undefined || agentId === null || agentId === undefined) return;
        const excuse = before.excuse ?? (before.isPaused ? "was paused" : null);
        for (const leaseId of before.ran) deaths.set(leaseId, { next: record, excuse, isTold: false });
        orphans.set(agentId, [...(orphans.get(agentId) ?? []).filter((one) => deaths.get(one)), ...before.ran]);
      },
      "agent.execution": ({ source, data: { leaseId, to } }) => {
        const { ran } = speakers.of(source);
        if (to === "spawning" || to === "running" || to === "killing") ran.add(leaseId);
        else ran.delete(leaseId);
      },
      "agent.state": ({ source, data: { to } }) => {
        const speaker = speakers.of(source);
        speaker.isPaused = to === "Paused";
        if (to === "Withdrawing") speaker.excuse ??= "was on its way out";
      },
      "agent.shutdown": ({ source }) => {
        speakers.of(source).excuse ??= "was on its way out";
      },
      "fault.applied": ({ data: { fault, target } }) => {
        if (fault !== "crash-host") return;
        const speaker = speakers.ofAgent(target);
        if (speaker !== undefined) speaker.excuse ??= "went down with its host";
        for (const leaseId of orphans.get(target) ?? []) {
          const death = deaths.get(leaseId);
          if (death !== undefined) death.excuse ??= "went down with its host";
        }
      },
      "witness.lease-call": ({ data: { leaseId, call, outcome } }) => {
        const death = deaths.get(leaseId);
        if (call === "return" && outcome === "sent" && death?.excuse === null) death.isTold = true;
      },
      "broker.released": ({ data: { jobId, leaseId } }) => released.set(jobId, leaseId),
      "broker.job": (record) => {
        const { jobId, reason } = record.data;
        if (!reason.startsWith(`handed back: ${blame}`)) return;
        blamed += 1;
        const death = deaths.get(released.get(jobId) ?? "");
        if (death === undefined) return violation(`${jobId} is blamed, and no agent died while it ran`, record);
        if (death.excuse === null || death.isTold) return;
        return violation(`${jobId} is blamed, though its agent ${death.excuse}`, death.next, record);
      },
    },
    end: () => (blamed === 0 ? undecided("no job was blamed") : passed(`${blamed} times a job was blamed`)),
  };
});
