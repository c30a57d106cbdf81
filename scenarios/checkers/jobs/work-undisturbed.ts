import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

/** What is known of a lease on its way. */
interface Lease {
  readonly agentId: string;
  /** Why it may end before its job does. */
  excuse: "none" | "left" | "declined" | "failed-start";
  /** How its job ended at its holder. */
  ended: "completed" | "failed" | null;
}

/** What is on its way when an agent goes on is heard before so many of its heartbeats are. */
const pausedHeartbeats = 3;

interface Holder {
  /** So many of its calls may be refused: they are about leases that were taken from it while it did not know. */
  refusals: number;
  agentId: string | null;
  leaving: boolean;
  /** Since when the broker knows it; before, it judges by the instance before, which may have left without a word. */
  knownAtMs: number;
  /** Whether another instance of the same agent was there before. */
  isLater: boolean;
  /** So many heartbeats of an agent at work until the broker has surely heard that it is not paused any more. */
  pausedFor: number;
}

/**
 * Where nothing breaks, a lease ends with its job, and as the job did; earlier only when its holder leaves, cannot
 * start it, or the operator cancels it. No agent is taken for lost while it is up, and the broker has nothing to
 * refuse.
 */
export const workUndisturbed = checkerOf(
  "no work is broken off without a reason (I3)",
  dutyOf("latencyMsMax"),
  ({ latencyMsMax }) => {
    const leases = new Map<string, Lease>();
    const instances = new Instances<Holder>(() => ({
      ...{ refusals: 0, agentId: null, leaving: false, knownAtMs: Infinity, isLater: false, pausedFor: 0 },
    }));
    let ends = 0;

    const leaves = (source: string): void => {
      const instance = instances.of(source);
      instance.leaving = true;
      for (const lease of leases.values()) if (lease.agentId === instance.agentId) lease.excuse = "left";
    };
    const judgeEnd = (record: RecordOf<"broker.released">, lease: Lease): Violation | null => {
      const { how, jobId } = record.data;
      const wrong = (what: string): Violation => violation(`${jobId} ${what}`, record);
      const { excuse, ended } = lease;
      switch (how) {
        case "completed":
        case "failed":
          return ended === how ? null : wrong(`counts as ${how}, and ended as ${ended ?? "nothing"} at its holder`);
        case "cancelled":
          return null;
        case "declined":
          return excuse === "none" ? wrong("was declined, and its agent did not say so") : null;
        case "handed-back":
          return excuse === "left" || excuse === "failed-start" ? null : wrong("was handed back without a reason");
        case "expired":
          return excuse === "left" ? null : wrong("was held, and its lease ran out");
        case "offer-lapsed":
        case "agent-lost":
        case "revoked":
          return excuse === "left" ? null : wrong(`was taken from an agent that is there: ${how}`);
      }
    };

    return {
      on: {
        "agent.started": (record) => {
          const before = instances.started(record);
          const instance = instances.of(record.source);
          instance.agentId = record.data.agentId ?? null;
          instance.isLater = before !== undefined;
        },
        "broker.enrolled": ({ at, data: { agentId, instanceId } }) => {
          const instance = instances.of(instanceId);
          instance.agentId = agentId;
          instance.knownAtMs = Math.min(instance.knownAtMs, at);
        },
        "broker.offered": ({ data: { leaseId, agentId } }) => {
          const { leaving = true, pausedFor = 0 } = instances.ofAgent(agentId) ?? {};
          leases.set(leaseId, { agentId, excuse: leaving ? "left" : pausedFor > 0 ? "declined" : "none", ended: null });
        },
        "broker.released": (record) => {
          const lease = leases.get(record.data.leaseId);
          leases.delete(record.data.leaseId);
          if (lease === undefined) return;
          ends += 1;
          const holder = instances.ofAgent(record.data.agentId);
          const { how } = record.data;
          if (holder !== undefined && (how === "declined" || how === "cancelled")) holder.refusals += 2;
          return judgeEnd(record, lease);
        },
        "agent.offer": ({ source, data: { leaseId, answer } }) => {
          const lease = leases.get(leaseId);
          // It was told twice, and its lease is over by the second time: the answer to that is refused.
          if (lease === undefined) instances.of(source).refusals += 1;
          else if (answer === "declined") lease.excuse = "declined";
        },
        "agent.execution": (record) => {
          const { leaseId, from, to } = record.data;
          const lease = leases.get(leaseId);
          // The broker let go of it first.
          if (lease === undefined) return;
          if (to === "failed" && from === "spawning") lease.excuse = "failed-start";
          else if (to === "completed" || to === "failed") lease.ended = to;
          if (to !== "killing") return;
          if (lease.excuse !== "left") return violation(`${record.data.jobId} is stopped without a reason`, record);
          return;
        },
        "agent.state": ({ source, data: { to } }) => {
          if (to === "Withdrawing") leaves(source);
          const instance = instances.of(source);
          if (to !== "Paused") return;
          instance.pausedFor = pausedHeartbeats;
          // The offers that are under way go back.
          for (const lease of leases.values()) {
            if (lease.agentId === instance.agentId && lease.excuse === "none") lease.excuse = "declined";
          }
        },
        "agent.shutdown": ({ source }) => leaves(source),
        "broker.heartbeat": ({ data: { agentId, state } }) => {
          const holder = instances.ofAgent(agentId);
          if (holder !== undefined && holder.pausedFor > 0 && state !== "Paused") holder.pausedFor -= 1;
        },
        "broker.agent": (record) => {
          const { agentId, standing } = record.data;
          const { leaving = true, knownAtMs = Infinity } = instances.ofAgent(agentId) ?? {};
          if (!leaving && record.at >= knownAtMs && standing !== "active")
            return violation(`an agent that is there counts as ${standing}`, record);
          return;
        },
        "broker.refused": (record) => {
          const { agentId, route, code } = record.data;
          const holder = instances.ofAgent(agentId);
          // A checkpoint on its way, and the word of it, may be overtaken by the end of its job.
          const isOvertaken = route.endsWith("progress") || (code === "fenced" && isUpload(route));
          if (holder === undefined || holder.leaving || isOvertaken) return;
          // A stranger with another broker's token did, and so did whoever was ended at once and stayed away for too long.
          if (code === "bad-join-token" || code === "revoked") return;
          // What the instance before sent last may come after it has gone, and even after this one is known.
          const isKnown = record.at >= holder.knownAtMs;
          const mayBeEarliers = !isKnown || (code === "fenced" && record.at <= holder.knownAtMs + latencyMsMax);
          if (holder.isLater && mayBeEarliers) return;
          holder.refusals -= 1;
          if (holder.refusals >= 0) return;
          return violation(`an agent that did nothing wrong was refused: ${route}, ${code}`, record);
        },
      },
      end: () => (ends === 0 ? undecided("no lease ended") : passed(`${ends} leases ended`)),
    };
  },
);

/** As the model names it, and as the wire does. */
function isUpload(route: string): boolean {
  return route.startsWith("upload-") || route.includes("/uploads/");
}
