import { checkerOf, passed, type RecordOf, undecided } from "./checker.ts";
import { Instances } from "./instances.ts";
import { Recent } from "./recent.ts";
import { violation } from "./story.ts";

interface Speaker {
  /** Leases whose processes it spawned and did not see end. */
  readonly ran: Set<string>;
  isPaused: boolean;
  isLeaving: boolean;
}

/** How the agent that ran a lease's job ended, and what explains it besides the job. */
interface Death {
  readonly record: RecordOf<"witness.exit">;
  excuse: string | null;
}

/** How the agents say it (`agent/core/start.ts`). */
const blame = "the agent died while it ran";

/**
 * I3: a job is blamed for the death of its agent only if that died while the job ran, and not for what donors do: the
 * host was paused, the agent on its way out, or the whole host went down (docs/cases.md, case 19).
 */
export const deathsBlamed = checkerOf("no job is blamed for what its donors did (I3)", () => {
  const speakers = new Instances<Speaker>(() => ({ ran: new Set(), isPaused: false, isLeaving: false }));
  const deaths = new Recent<Death>();
  const released = new Recent<string>();
  /** What each agent's death left to be given back. */
  const orphans = new Map<string, string[]>();
  let blamed = 0;
  return {
    on: {
      "agent.started": (record) => void speakers.started(record),
      "agent.execution": ({ source, data: { leaseId, to } }) => {
        const { ran } = speakers.of(source);
        if (to === "spawning" || to === "running" || to === "killing") ran.add(leaseId);
        else ran.delete(leaseId);
      },
      "agent.state": ({ source, data: { to } }) => {
        speakers.of(source).isPaused = to === "Paused";
        if (to === "Withdrawing") speakers.of(source).isLeaving = true;
      },
      "agent.shutdown": ({ source }) => void (speakers.of(source).isLeaving = true),
      "witness.exit": (record) => {
        const { agentId, how } = record.data;
        const speaker = speakers.ofAgent(agentId);
        if (how === "withdrawn") orphans.delete(agentId);
        if (speaker === undefined || speaker.ran.size === 0) return;
        const excuse = speaker.isLeaving ? "was on its way out" : speaker.isPaused ? "was paused" : null;
        const left = orphans.get(agentId) ?? [];
        for (const leaseId of speaker.ran) {
          deaths.set(leaseId, { record, excuse });
          left.push(leaseId);
        }
        orphans.set(agentId, left);
      },
      "fault.applied": ({ data: { fault, target } }) => {
        if (fault !== "crash-host") return;
        // Those that run now die with the host, and those that ran before are explained by it too.
        const speaker = speakers.ofAgent(target);
        if (speaker !== undefined) speaker.isLeaving = true;
        for (const leaseId of orphans.get(target) ?? []) {
          const death = deaths.get(leaseId);
          if (death !== undefined) death.excuse ??= "went down with its host";
        }
      },
      "broker.released": ({ data: { jobId, leaseId } }) => released.set(jobId, leaseId),
      "broker.job": (record) => {
        const { jobId, reason } = record.data;
        if (!reason.startsWith(`handed back: ${blame}`)) return;
        blamed += 1;
        const death = deaths.get(released.get(jobId) ?? "");
        if (death === undefined) return violation(`${jobId} is blamed for a death that nobody died of it`, record);
        if (death.excuse === null) return;
        return violation(`${jobId} is blamed, though its agent ${death.excuse}`, death.record, record);
      },
    },
    end: () => (blamed === 0 ? undecided("no job was blamed") : passed(`${blamed} times a job was blamed`)),
  };
});
