import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, passed, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

/** What is not the way: a commit, the agent's own turn; milliseconds. */
const spareMs = 60;
/** An agent that enrolled so many ways ago has its event stream open. */
const waysToConnect = 4;

interface Instance {
  state: string;
  enrolledAt: number;
  isEnding: boolean;
}

/** Something that has to come to be by then, by the right clock. */
interface Owed {
  readonly asked: HistoryRecord;
  readonly agentId: string;
  readonly source: string;
  readonly byMs: number;
  readonly what: "pause" | "resume" | "goodbye" | "stop";
  readonly leaseId: string | null;
}

/**
 * Where nothing breaks, what the broker says to an agent that is connected has its effect one way later: a pause
 * freezes, a resume lets go, a goodbye begins a shutdown, and a job that was cancelled is stopped (WC-2, WC-3;
 * docs/cases.md, case 70). The right time is that of the broker and of the witness.
 */
export const commandDuty = checkerOf(
  "what the broker says to a connected agent is done at once (WC-2)",
  dutyOf("latencyMsMax"),
  ({ latencyMsMax }) => {
    const instances = new Instances<Instance>(() => ({ state: "Enrolling", enrolledAt: Infinity, isEnding: false }));
    const sourceOf = new Map<string, string>();
    const runs = new Map<string, string>();
    /** Leases that are not at work and were cancelled, and when their holders have heard of it. */
    const cancelled = new Map<string, { readonly asked: HistoryRecord; readonly byMs: number }>();
    const heardOf = new Map<string, HistoryRecord>();
    let owed: Owed[] = [];
    let done = 0;

    const owe = (asked: HistoryRecord, agentId: string, what: Owed["what"], leaseId: string | null = null): void => {
      const source = sourceOf.get(agentId);
      const instance = instances.ofAgent(agentId);
      if (source === undefined || instance === undefined || instance.isEnding) return;
      if (instance.state === "Withdrawing") return;
      if (asked.at < instance.enrolledAt + waysToConnect * latencyMsMax + spareMs) return;
      const isAtWork = instance.state === "Idle" || instance.state === "Working";
      if (what === "resume" ? instance.state !== "Paused" : !isAtWork && what !== "goodbye") return;
      const byMs = asked.at + latencyMsMax + spareMs;
      if (leaseId !== null && !runs.has(leaseId)) cancelled.set(leaseId, { asked, byMs });
      else owed.push({ asked, agentId, source, what, leaseId, byMs });
    };

    /** Whatever an instance owes of that kind is done, or has no meaning any more. */
    const settle = (source: string, ...kinds: readonly Owed["what"][]): void => {
      const before = owed.length;
      if (before === 0) return;
      owed = owed.filter((one) => one.source !== source || !kinds.includes(one.what));
      done += before - owed.length;
    };

    const letGo = (source: string): void => {
      owed = owed.filter((one) => one.source !== source);
    };

    const overdue = (record: HistoryRecord): Violation | null => {
      for (const [leaseId, { asked, byMs }] of cancelled) {
        if (byMs >= record.at) continue;
        cancelled.delete(leaseId);
        heardOf.set(leaseId, asked);
      }
      const late = owed.find(({ byMs }) => byMs < record.at);
      return late === undefined ? null : violation(`a ${late.what} had no effect in time`, late.asked, record);
    };

    return {
      on: {
        "agent.started": (record) => {
          instances.started(record);
          instances.of(record.source);
          if (typeof record.data.agentId === "string") sourceOf.set(record.data.agentId, record.source);
        },
        "agent.state": ({ source, data: { to } }) => {
          const instance = instances.of(source);
          if (instance.state === "Paused" && to !== "Paused") settle(source, "resume");
          instance.state = to;
          if (to === "Withdrawing") letGo(source);
        },
        "agent.frozen": ({ source }) => settle(source, "pause"),
        "agent.thawed": ({ source }) => settle(source, "resume"),
        "agent.refused": ({ source }) => settle(source, "pause", "resume", "goodbye"),
        "agent.shutdown": ({ source }) => {
          instances.of(source).isEnding = true;
          settle(source, "goodbye");
          letGo(source);
        },
        "agent.execution": (record) => {
          const { source, data } = record;
          const { leaseId, to } = data;
          const before = heardOf.get(leaseId);
          if (to === "spawning" && before !== undefined)
            return violation("what was cancelled is started", before, record);
          if (to === "running") runs.set(leaseId, source);
          else if (runs.delete(leaseId)) {
            const stopped = owed.findIndex((one) => one.leaseId === leaseId);
            if (stopped >= 0) done += owed.splice(stopped, 1).length;
          }
          return;
        },
        "broker.enrolled": (record) => {
          instances.of(record.data.instanceId).enrolledAt = record.at;
          return overdue(record);
        },
        "broker.heartbeat": overdue,
        "broker.job": overdue,
        "broker.released": (record) => {
          const { agentId, leaseId, how } = record.data;
          if (how === "cancelled") owe(record, agentId, "stop", leaseId);
          return overdue(record);
        },
        "witness.command": (record) => {
          if (record.data.by === "broker") owe(record, record.data.agentId, record.data.command);
          return overdue(record);
        },
        "witness.signal": ({ data: { agentId } }) => letGo(sourceOf.get(agentId ?? "") ?? ""),
        "witness.exit": ({ data: { agentId } }) => {
          const instance = instances.ofAgent(agentId);
          if (instance !== undefined) instance.isEnding = true;
          letGo(sourceOf.get(agentId ?? "") ?? "");
        },
      },
      end: () => (done === 0 ? undecided("nobody who was connected was told anything") : passed(`${done} words`)),
    };
  },
);
