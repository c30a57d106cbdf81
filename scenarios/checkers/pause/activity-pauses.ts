import type { HistoryRecord } from "../../../protocol/history.ts";
import { isByActivity, isByQuiet, isForActivity } from "./activity-words.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { amount } from "../setting.ts";
import { Instances } from "../instances.ts";
import { isPeriodic } from "./periodic-freeze.ts";
import { violation, type Violation } from "../story.ts";

/** The agent's own default. */
const quietMsDefault = 300_000;
/** How far a timer and the time it was set for may be apart. */
const roundingMs = 2;

interface Instance {
  agentId: string;
  startedAt: number;
  state: string;
  isLeaving: boolean;
  /** What was noticed last, and when by the agent's clock. */
  last: RecordOf<"witness.activity"> | null;
  /** Whether the owner let the host go while active, and it was not quiet since. */
  ignores: "no" | "yes" | "perhaps";
  /** And was told so, by which time it is journalled. */
  told: boolean;
  /** The freeze in force that is no periodic one. */
  frozen: RecordOf<"agent.frozen"> | null;
  /** When it was first found to be paused though it was quiet. */
  overdueAt: number | null;
  /** Activity that has to be followed by a freeze. */
  owed: RecordOf<"witness.activity"> | null;
  /** The freeze of the operator's pause, until the operator resumes. */
  operatorPaused: RecordOf<"agent.frozen"> | null;
}

interface Words {
  /** The owner asked for a pause, and has not asked to let it go. */
  ownerAsked: boolean;
  /** The owner was granted a pause, and has not asked to let it go. */
  ownerPaused: RecordOf<"witness.answered"> | null;
  /** By what the operator's words are told from any other. */
  readonly pauses: Set<string>;
  readonly resumes: Set<string>;
}

/**
 * WC-11: the owner's activity at a host freezes it at once, and it goes on by itself only when it was quiet for as long
 * as the owner said. The quiet lets go neither what the owner nor what the operator paused, and the operator lets go
 * nothing while the owner is active. When the owner lets it go all the same, activity freezes nothing until it was
 * quiet once, and then it does again.
 *
 * Settings: `quietMs`; `heededMsMax`, how long after it was noticed the agent may still do something else; `lateMsMax`,
 * how much longer than the quiet a pause by activity may last, where nothing breaks.
 */
export const activityPauses = checkerOf(
  "the owner's activity pauses a host until it is quiet (WC-11)",
  {
    quietMs: amount("how long it is to be quiet", { otherwise: quietMsDefault }),
    heededMsMax: amount("how long after it was noticed the agent may do something else", { otherwise: 1_000 }),
    lateMsMax: amount("how much longer than the quiet its pause may last", { otherwise: Infinity }),
  },
  ({ quietMs, heededMsMax, lateMsMax }) => {
    const instances = new Instances<Instance>(newInstance);
    const wordsOf = new Map<string, Words>();
    let judged = 0;
    let clocksWereSet = false;

    const said = (agentId: string | undefined): Words => {
      const words = wordsOf.get(agentId ?? "") ?? {
        ownerAsked: false,
        ownerPaused: null,
        pauses: new Set(),
        resumes: new Set(),
      };
      wordsOf.set(agentId ?? "", words);
      return words;
    };

    /** For how long nothing was noticed by then, by the agent's clock. */
    const quietForMs = ({ last, startedAt }: Instance, at: number): number =>
      at - (last?.data.noticedAtMs ?? startedAt);

    const overdue = (record: HistoryRecord): Violation | null => {
      const { owed } = instances.of(record.source);
      if (owed === null || record.at - owed.data.noticedAtMs <= heededMsMax) return null;
      return violation("the owner was active, and nothing was frozen", owed, record);
    };

    /** Nobody wants it to be paused any more. */
    const lasting = (record: RecordOf<"agent.woke">): Violation | null => {
      const instance = instances.of(record.source);
      const { frozen, operatorPaused, isLeaving, last, state } = instance;
      if (
        frozen === null ||
        state !== "Paused" ||
        isLeaving ||
        operatorPaused !== null ||
        said(instance.agentId).ownerAsked
      )
        return null;
      const forMs = quietForMs(instance, record.at);
      if (forMs <= quietMs + lateMsMax) return null;
      // A resume that was asked for in this very moment is still on its way.
      instance.overdueAt ??= record.at;
      if (record.at <= instance.overdueAt) return null;
      return violation(`a host is paused, and was quiet for ${forMs.toFixed(0)} ms`, frozen, last, record);
    };

    const thawed = (record: RecordOf<"agent.thawed">, instance: Instance): Violation | null => {
      const { trigger } = record.data;
      const words = said(instance.agentId);
      const { ownerPaused, resumes } = words;
      const { last, operatorPaused, ignores } = instance;
      const forMs = quietForMs(instance, record.at);
      if (isByQuiet(trigger)) {
        judged += 1;
        if (ownerPaused !== null) return violation("the quiet let go what the owner had paused", ownerPaused, record);
        if (operatorPaused !== null) {
          return violation("the quiet let go what the operator had paused", operatorPaused, record);
        }
        if (forMs >= quietMs - roundingMs) return null;
        return violation(`a host went on after it was quiet for ${forMs.toFixed(0)} ms`, last, record);
      }
      if (!resumes.has(trigger)) {
        // The owner's word.
        words.ownerPaused = null;
        if (last !== null && forMs < quietMs + roundingMs) {
          instance.ignores = forMs < quietMs - roundingMs ? "yes" : "perhaps";
          instance.told = false;
        }
        return null;
      }
      if (last === null || ignores !== "no" || forMs >= quietMs - roundingMs) return null;
      return violation("the operator let a host go while its owner was active", last, record);
    };

    return {
      on: {
        "agent.started": (record) => {
          const before = instances.started(record);
          const instance = instances.of(record.source);
          instance.agentId = record.data.agentId ?? "";
          instance.startedAt = record.at;
          if (before === undefined || (before.last === null && before.ignores === "no")) return;
          // Whether it was quiet before the end is told by two readings of one clock, if nobody has set it meanwhile.
          const isQuietYet = clocksWereSet || quietForMs(before, record.at) >= quietMs - roundingMs;
          instance.told = before.ignores === "yes" && before.told && !isQuietYet;
          // An owner's word may have been written down that nobody heard of.
          instance.ignores = instance.told ? "yes" : "perhaps";
        },
        "witness.activity": (record) => {
          const instance = instances.ofAgent(record.data.agentId);
          if (instance === undefined || instance.isLeaving) return;
          const forMs = quietForMs(instance, record.data.noticedAtMs);
          if (forMs > quietMs + roundingMs) instance.ignores = "no";
          else if (forMs >= quietMs - roundingMs && instance.ignores === "yes") instance.ignores = "perhaps";
          instance.last = record;
          instance.overdueAt = null;
          const isAtWork = instance.state === "Idle" || instance.state === "Working";
          if (!isAtWork || instance.frozen !== null || instance.ignores !== "no") return;
          judged += 1;
          instance.owed ??= record;
        },
        "agent.frozen": (record) => {
          if (isPeriodic(record)) return;
          const instance = instances.of(record.source);
          const { trigger } = record.data;
          instance.frozen ??= record;
          instance.owed = null;
          if (said(instance.agentId).pauses.has(trigger)) instance.operatorPaused = record;
          if (instance.ignores !== "yes" || !isByActivity(trigger)) return;
          return violation("activity froze a host that its owner had let go", instance.last, record);
        },
        "agent.thawed": (record) => {
          if (isPeriodic(record)) return;
          const instance = instances.of(record.source);
          const wrong = thawed(record, instance);
          instance.operatorPaused = null;
          instance.frozen = null;
          instance.overdueAt = null;
          if (isByQuiet(record.data.trigger)) instance.ignores = "no";
          return wrong;
        },
        "agent.refused": (record) => {
          const { event, reason } = record.data;
          if (event !== "resumeAsked") return;
          const instance = instances.of(record.source);
          instance.operatorPaused = null;
          if (!isForActivity(reason)) return;
          const forMs = quietForMs(instance, record.at);
          if (forMs < quietMs + roundingMs && instance.ignores !== "yes") return;
          return violation("the operator was not let to resume for an owner who was not active", instance.last, record);
        },
        "agent.state": (record) => {
          const instance = instances.of(record.source);
          const wrong = overdue(record);
          instance.state = record.data.to;
          if (record.data.to === "Withdrawing") leaves(instance);
          return wrong;
        },
        "agent.woke": (record) => overdue(record) ?? lasting(record),
        "agent.execution": overdue,
        "agent.offer": overdue,
        "agent.checkpoint": overdue,
        "agent.shutdown": ({ source }) => leaves(instances.of(source)),
        "fault.applied": ({ data: { fault } }) => {
          clocksWereSet ||= fault === "jump-clock";
        },
        "witness.asked": ({ data: { agentId, command } }) => {
          if (command === "resume") Object.assign(said(agentId), { ownerPaused: null, ownerAsked: false });
          if (command === "pause") said(agentId).ownerAsked = true;
        },
        "witness.answered": (record) => {
          const { agentId, command, ok } = record.data;
          if (ok && command === "pause") said(agentId).ownerPaused = record;
          const instance = instances.ofAgent(agentId ?? "");
          if (ok && command === "resume" && instance?.ignores === "yes") instance.told = true;
        },
        "witness.command": ({ data: { agentId, by, command, reason } }) => {
          if (by === "broker" && command === "pause") said(agentId).pauses.add(reason);
          if (by === "broker" && command === "resume") said(agentId).resumes.add(reason);
        },
      },
      end: () => (judged === 0 ? undecided("no owner was active") : passed(`${judged} freezes and ends of them`)),
    };
  },
);

function newInstance(): Instance {
  return {
    ...{ agentId: "", startedAt: 0, state: "Enrolling", isLeaving: false, last: null, ignores: "no", told: false },
    ...{ frozen: null, overdueAt: null, owed: null, operatorPaused: null },
  };
}

function leaves(instance: Instance): void {
  instance.isLeaving = true;
  instance.owed = null;
}
