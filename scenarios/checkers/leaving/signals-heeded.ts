import { agentLimits } from "../../../agent/core/limits.ts";
import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation, type Violation } from "../story.ts";
import { exitMsMax } from "./withdrawal-bound.ts";

/** Two that come so much sooner or later than a repeat does may be taken for either, in milliseconds. */
const unsureMs = 20;

/** A withdrawal that an owner waits for; times are those of the harness. */
interface Urged {
  readonly asked: RecordOf<"witness.asked">;
  readonly request: number;
  /** The agent's own word that it has begun. */
  hasBegun: boolean;
  /** The signals that counted since. */
  readonly signals: RecordOf<"witness.signal">[];
  /** What stood still anew, or came as a signal, which one that comes right after may repeat. */
  lastAtMs: number;
  isUnsure: boolean;
}

/**
 * docs/cases.md, case 47: a signal does not turn a withdrawal back. The second one hurries it, the third breaks it off
 * at once, and two within a moment are one; nothing else breaks it off.
 */
export const signalsHeeded = checkerOf("signals hurry a withdrawal, and the third breaks it off (I9)", () => {
  const urged = new Map<string, Urged>();
  const agentOf = new Map<string, string>();
  /** The agents that were ending already: whoever asks at the last moment is not heard. */
  const ending = new Set<string>();
  let judged = 0;
  /** What is to have happened by now. */
  const overdue = (record: HistoryRecord): Violation | null => {
    for (const [agentId, { signals, isUnsure }] of urged) {
      const [, second, third] = signals;
      if (isUnsure || second === undefined) continue;
      const byMs = third === undefined ? second.at + agentLimits.urgentNotifyMs : third.at;
      if (record.at <= byMs + exitMsMax) continue;
      urged.delete(agentId);
      return violation(`a withdrawal goes on after ${signals.length} signals`, ...signals, record);
    }
    return null;
  };
  return {
    on: {
      "agent.started": (record) => {
        agentOf.set(record.source, record.data.agentId ?? "");
        ending.delete(record.data.agentId ?? "");
      },
      "agent.shutdown": ({ source }) => void ending.add(agentOf.get(source) ?? ""),
      "agent.state": ({ source, data: { to } }) => {
        const one = urged.get(agentOf.get(source) ?? "");
        if (one !== undefined && to === "Withdrawing") one.hasBegun = true;
      },
      "agent.frozen": ({ source }) => {
        // A signal that came meanwhile is heard after it; when that was, the harness's clock does not say.
        const one = urged.get(agentOf.get(source) ?? "");
        if (one !== undefined && one.signals.length > 0) one.isUnsure = true;
      },
      "witness.asked": (record) => {
        const { agentId, command, request } = record.data;
        const late = overdue(record);
        if (command !== "withdraw" || agentId === undefined || urged.has(agentId)) return late;
        urged.set(agentId, {
          ...{ asked: record, request, hasBegun: false, signals: [] },
          ...{ lastAtMs: Number.NEGATIVE_INFINITY, isUnsure: false },
        });
        return late;
      },
      "witness.signal": (record) => {
        const late = overdue(record);
        const one = urged.get(record.data.agentId ?? "");
        if (one === undefined) return late;
        if (!one.hasBegun) one.isUnsure = true;
        const sinceMs = record.at - one.lastAtMs;
        if (Math.abs(sinceMs - agentLimits.signalRepeatMs) < unsureMs) one.isUnsure = true;
        if (sinceMs < agentLimits.signalRepeatMs) return late;
        one.lastAtMs = record.at;
        one.signals.push(record);
        return late;
      },
      "witness.resource": overdue,
      "witness.answered": (record) => {
        const { agentId, request, code } = record.data;
        const one = urged.get(agentId ?? "");
        const late = overdue(record);
        if (late !== null || one === undefined || one.request !== request) return late;
        urged.delete(agentId ?? "");
        judged += 1;
        if (!one.hasBegun && ending.has(agentId ?? "")) return null;
        if (one.isUnsure || code !== "ended" || one.signals.length > 2) return null;
        return violation(
          `a withdrawal was broken off after ${one.signals.length} signals`,
          one.asked,
          ...one.signals,
          record,
        );
      },
    },
    end: () => (judged === 0 ? undecided("no owner waited for a withdrawal") : passed(`${judged} withdrawals`)),
  };
});
