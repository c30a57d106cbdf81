import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { SilenceOrder } from "./silence-order.ts";
import { violation, type Violation } from "../story.ts";

/** What a timer and a commit may take beyond what is asked of them, in milliseconds. */
const slackMs = 200;

interface Rhythm {
  agentId: string | null;
  last: RecordOf<"agent.woke"> | null;
  enrolled: boolean;
  /** It is on its way out, and asks for no work any more. */
  leaving: boolean;
  /** What it has to tell at once: a slot that is free, a pause, its end. */
  owes: RecordOf<"agent.released"> | RecordOf<"agent.state"> | null;
  /** Heartbeats that the broker has not taken yet. */
  underWay: number;
}

/**
 * EG-3: an agent signals its broker once per interval, give or take the jitter; earlier only when it has something to
 * tell or to ask, and never again before the broker has taken the last signal. Whoever leaves keeps to the interval.
 */
export const heartbeatRhythm = checkerOf(
  "an agent signals in its rhythm, neither later nor more often (L3)",
  dutyOf("heartbeatIntervalMs", "heartbeatJitterRatio", "latencyMsMax"),
  ({ heartbeatIntervalMs, heartbeatJitterRatio, latencyMsMax }) => {
    const leastMs = heartbeatIntervalMs * (1 - heartbeatJitterRatio) - 1;
    const mostMs = heartbeatIntervalMs * (1 + heartbeatJitterRatio) + 2 * latencyMsMax + slackMs;
    const instances = new Instances<Rhythm>(() => ({
      agentId: null,
      last: null,
      enrolled: false,
      leaving: false,
      owes: null,
      underWay: 0,
    }));
    /** By the broker's clock. */
    const heard = new SilenceOrder();
    let heartbeats = 0;

    const tooLate = (now: RecordOf<"broker.heartbeat">): Violation | null => {
      const longest = heard.first();
      if (longest === null || now.at - longest.record.at <= mostMs + latencyMsMax) return null;
      return violation(`${longest.agentId.slice(0, 12)} is up and has not signalled for too long`, longest.record, now);
    };
    const alive = (record: Pick<RecordOf<"agent.execution">, "source" | "at">): Violation | null => {
      const { last, leaving, owes } = instances.of(record.source);
      if (owes !== null && !leaving && record.at - owes.at > 2 * latencyMsMax + slackMs) {
        return violation(
          "an agent has something to tell and does not signal",
          owes,
          record as RecordOf<"agent.execution">,
        );
      }
      if (last === null || leaving || record.at - last.at <= mostMs) return null;
      return violation(
        "an agent is up and has not signalled for too long",
        last,
        record as RecordOf<"agent.execution">,
      );
    };
    const leaves = (source: string): void => {
      const rhythm = instances.of(source);
      rhythm.leaving = true;
      if (rhythm.agentId !== null) heard.forget(rhythm.agentId);
    };

    return {
      on: {
        "agent.started": (record) => void instances.started(record),
        "broker.enrolled": (record) => {
          instances.enrolled(record);
          const rhythm = instances.of(record.data.instanceId);
          rhythm.enrolled = true;
          rhythm.agentId = record.data.agentId;
          if (!rhythm.leaving) heard.heard(record.data.agentId, record);
        },
        "agent.woke": (record) => {
          const rhythm = instances.of(record.source);
          const { last } = rhythm;
          const late = alive(record);
          if (late !== null) return late;
          if (!rhythm.enrolled) return violation("an agent signals a broker that does not know it", record);
          if (rhythm.underWay > 0) return violation("an agent signals again before it was heard", last, record);
          const asksNothing = record.data.cause === "timer" || rhythm.leaving;
          if (last !== null && asksNothing && record.at - last.at < leastMs) {
            return violation("an agent signals more often than its interval", last, record);
          }
          rhythm.last = record;
          rhythm.owes = null;
          rhythm.underWay += 1;
          return;
        },
        "broker.heartbeat": (record) => {
          const { agentId, instanceId } = record.data;
          heartbeats += 1;
          const late = tooLate(record);
          const rhythm = instanceId === undefined ? instances.ofAgent(agentId) : instances.of(instanceId);
          if (rhythm !== undefined) rhythm.underWay -= 1;
          if (rhythm?.leaving !== true) heard.heard(agentId, record);
          return late;
        },
        "agent.execution": alive,
        "agent.state": (record) => {
          const { from, to } = record.data;
          if (to === "Withdrawing" || to === "Withdrawn") leaves(record.source);
          else if (from === "Paused" || to === "Paused") instances.of(record.source).owes ??= record;
        },
        "agent.released": (record) => {
          if (record.data.resource.includes("/sandboxes/")) instances.of(record.source).owes ??= record;
        },
        "agent.shutdown": ({ source }) => leaves(source),
        "broker.agent": ({ data: { agentId, standing } }) => {
          if (standing !== "active") heard.forget(agentId);
        },
      },
      end: () => (heartbeats === 0 ? undecided("no agent signalled") : passed(`${heartbeats} heartbeats`)),
    };
  },
);
