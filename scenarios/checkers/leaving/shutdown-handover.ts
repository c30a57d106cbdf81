import { agentLimits } from "../../../agent/core/limits.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

/** A snapshot is not waited for any longer, and an upload after it even less; milliseconds after a shutdown began. */
const snapshotsMs = 30_000;

interface Instance {
  begin: RecordOf<"agent.shutdown"> | null;
  /** The broker was told. */
  told: RecordOf<"broker.agent"> | null;
  hasEnrolled: boolean;
  /** When anything happened to its jobs last, by its own clock. */
  lastAt: number;
  isLeaving: boolean;
  /** Signals after its beginning: nothing is waited for any more. */
  isHurried: boolean;
  /** When the first of them came, by the harness's clock. */
  hurriedAtMs: number;
}

interface Lease {
  /** Granted by the broker and not over, by its word. */
  granted: RecordOf<"broker.leased"> | null;
  execution: RecordOf<"agent.execution"> | null;
  hasRun: boolean;
  checkpoint: RecordOf<"agent.checkpoint"> | null;
  isUnsaved: boolean;
}

const done = new Set(["completed", "failed"]);

/**
 * Where nothing breaks, a shutdown tells the broker once, before the process ends; every lease goes back then, with the
 * newest checkpoint that there is, and each job that ran has one (EG-4; docs/cases.md, case 46). What is left out: a
 * result on its way, which the next instance hands in, and a job that cannot be killed.
 */
export const shutdownHandover = checkerOf(
  "a shutdown hands everything back, once, as it stands (I9)",
  dutyOf("checkpointBytesMax", "latencyMsMax", "leaseTtlMs"),
  ({ checkpointBytesMax, latencyMsMax, leaseTtlMs }) => {
    const instances = new Instances<Instance>(() => ({
      begin: null,
      told: null,
      hasEnrolled: false,
      lastAt: 0,
      isLeaving: false,
      isHurried: false,
      hurriedAtMs: Infinity,
    }));
    const leases = new Map<string, Lease & { agentId: string | null }>();
    /** What lies on hosts of leases, and whose it is. */
    const onHost = new Map<string, { readonly agentId: string; readonly leaseId: string }>();
    const handedBack = new Set<string>();
    let ends = 0;

    const leaseOf = (leaseId: string): Lease & { agentId: string | null } => {
      let lease = leases.get(leaseId);
      if (lease === undefined) {
        lease = { agentId: null, granted: null, execution: null, hasRun: false, checkpoint: null, isUnsaved: false };
        leases.set(leaseId, lease);
      }
      return lease;
    };

    const badlyHandedBack = (
      record: RecordOf<"broker.released">,
      begin: RecordOf<"agent.shutdown">,
    ): Violation | null => {
      const { leaseId, checkpoint } = record.data;
      const { checkpoint: newest, hasRun, isUnsaved } = leaseOf(leaseId);
      if (isUnsaved) return null;
      // What the broker's store does not take stays behind.
      if (newest !== null && newest.data.checkpoint.archiveBytes > checkpointBytesMax) return null;
      if (newest === null) return hasRun ? violation(`${leaseId} ran, and went back unsaved`, begin, record) : null;
      // It came so late that its upload was not waited for.
      if (newest.at - begin.at > snapshotsMs - 2 * latencyMsMax - 100) return null;
      // A broker keeps what it is brought for so long, and no longer unless it is told what it is for.
      if (instances.of(begin.source).lastAt - newest.at > leaseTtlMs - 1_000) return null;
      if (checkpoint?.archiveDigest === newest.data.checkpoint.archiveDigest) return null;
      return violation(`${leaseId} went back without its newest checkpoint`, begin, newest, record);
    };

    /** Whether a job was waited for no longer, and ended while the broker was being told. */
    const endedTooLate = (end: RecordOf<"agent.shutdown">, killed: RecordOf<"agent.execution">): boolean => {
      const { told, hurriedAtMs } = instances.of(end.source);
      const isGivenUp = told !== null && told.at - hurriedAtMs >= agentLimits.urgentNotifyMs;
      return isGivenUp && killed.data.to === "killed" && end.at - killed.at <= 2 * latencyMsMax;
    };

    const keptBy = (agentId: string, end: RecordOf<"agent.shutdown">): Violation | null => {
      for (const { agentId: holder, granted, execution } of leases.values()) {
        if (granted === null || holder !== agentId) continue;
        const to = execution?.data.to;
        if (to === "killing" || (to !== undefined && done.has(to))) continue;
        if (execution !== null && endedTooLate(end, execution)) continue;
        return violation(`${granted.data.leaseId} was not handed back`, granted, execution, end);
      }
      return null;
    };

    const endsWith = (end: RecordOf<"agent.shutdown">, agentId: string): Violation | null => {
      const { begin, told, hasEnrolled, isLeaving } = instances.of(end.source);
      if (isLeaving || !hasEnrolled) return null;
      ends += 1;
      if (told === null) return violation("the broker was not told of a shutdown", begin, end);
      for (const [resource, { agentId: owner, leaseId }] of onHost) {
        if (owner !== agentId || !handedBack.has(leaseId)) continue;
        return violation(`a shutdown left ${resource}, of a lease that is over`, begin, end);
      }
      return keptBy(agentId, end);
    };

    /** Which agent an instance is of. */
    const agentOf = new Map<string, string>();
    return {
      on: {
        "agent.started": (record) => {
          instances.started(record);
          instances.of(record.source);
          if (typeof record.data.agentId === "string") agentOf.set(record.source, record.data.agentId);
        },
        "agent.state": ({ source, data: { from, to } }) => {
          const instance = instances.of(source);
          instance.hasEnrolled ||= from === "Enrolling" && to !== "Withdrawing";
          instance.isLeaving ||= to === "Withdrawing";
        },
        "agent.execution": (record) => {
          const lease = leaseOf(record.data.leaseId);
          lease.execution = record;
          instances.of(record.source).lastAt = record.at;
          lease.hasRun ||= record.data.to === "running";
        },
        "agent.checkpoint": (record) => {
          const lease = leaseOf(record.data.leaseId);
          lease.checkpoint = record;
          lease.isUnsaved = false;
        },
        "agent.checkpoint-failed": (record) => {
          const { begin, isHurried, isLeaving } = instances.of(record.source);
          leaseOf(record.data.leaseId).isUnsaved = true;
          if (begin === null || isHurried || isLeaving || record.at - begin.at >= snapshotsMs - 1) return null;
          return violation("a snapshot was given up while there was time for it", begin, record);
        },
        "witness.resource": ({ data: { agentId, change, resource } }) => {
          const leaseId = /\/(?:sandboxes|checkpoints)\/([^/]+)$/.exec(resource)?.[1];
          if (leaseId === undefined) return;
          if (change === "made") onHost.set(resource, { agentId, leaseId });
          else onHost.delete(resource);
        },
        "agent.shutdown": (record) => {
          const agentId = agentOf.get(record.source);
          if (record.data.stage === "end") return agentId === undefined ? null : endsWith(record, agentId);
          instances.of(record.source).begin = record;
          return null;
        },
        "witness.signal": ({ at, data: { agentId } }) => {
          const instance = instances.ofAgent(agentId ?? "");
          if (instance === undefined || instance.begin === null) return;
          instance.isHurried = true;
          instance.hurriedAtMs = Math.min(instance.hurriedAtMs, at);
        },
        "broker.leased": (record) => {
          const lease = leaseOf(record.data.leaseId);
          lease.granted = record;
          lease.agentId = record.data.agentId;
        },
        "broker.released": (record) => {
          const { leaseId, agentId, how } = record.data;
          const instance = instances.ofAgent(agentId);
          const begin = instance?.begin ?? null;
          const judged =
            how === "handed-back" && begin !== null && instance?.isHurried === false && !instance.isLeaving;
          const wrong = judged ? badlyHandedBack(record, begin) : null;
          leases.delete(leaseId);
          if (how === "handed-back" && begin !== null) handedBack.add(leaseId);
          return wrong;
        },
        "broker.agent": (record) => {
          if (record.data.standing !== "shutdown") return null;
          const instance = instances.ofAgent(record.data.agentId);
          if (instance === undefined) return null;
          const { begin, told } = instance;
          instance.told = record;
          if (told !== null) return violation("the broker was told twice of one shutdown", begin, told, record);
          return begin === null ? violation("the broker was told of a shutdown that never began", record) : null;
        },
      },
      end: () => (ends === 0 ? undecided("nobody shut down") : passed(`${ends} shutdowns`)),
    };
  },
);
