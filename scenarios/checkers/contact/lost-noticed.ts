import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, type Judgement, passed, undecided } from "../checker.ts";
import { amount, neededMs } from "../setting.ts";
import { SilenceOrder } from "./silence-order.ts";
import { violation, type Violation } from "../story.ts";

/** Faults in which the broker cannot look at the time; its start or their undoing lets it count anew. */
const standstills: ReadonlySet<string> = new Set(["kill-broker", "stall-broker", "stall-store", "lose-store"]);

/**
 * L3: an agent of which the broker hears nothing for longer than the activity timeout is called lost. Settings:
 * `activityTimeoutMs`, and `slackMs` (default 1000) for the broker's timer; without the first it cannot be judged. The
 * count begins anew with each start of the broker, which gives all a full grace (docs/cases.md, case 8), and leaves out
 * the agents whose last step the broker did not live to tell (fault `lose-history`, by agent id).
 */
export const lostNoticed = checkerOf(
  "a silent agent is called lost in time (L3)",
  {
    activityTimeoutMs: neededMs("the silence after which an agent is lost"),
    slackMs: amount("for the broker's timer", { otherwise: 1_000 }),
  },
  ({ activityTimeoutMs, slackMs }) => {
    const bearMs = activityTimeoutMs + slackMs;
    const lastSigns = new SilenceOrder();
    /** Why the broker does not look at the time now, and how often that was applied. */
    const standstill = new Map<string, number>();
    let anew = false;
    let noticed = 0;
    let signs = 0;

    const look = (now: HistoryRecord): Violation | null => {
      if (standstill.size > 0) return null;
      if (anew) lastSigns.restart(now);
      anew = false;
      const longest = lastSigns.first();
      if (longest === null || now.at - longest.at <= bearMs) return null;
      const silentMs = (now.at - longest.at).toFixed(0);
      const summary = `agent ${longest.agentId.slice(0, 12)} was silent for ${silentMs} ms and is not lost`;
      return violation(summary, longest.record, now);
    };
    const heard = (agentId: string, record: HistoryRecord): Violation | null => {
      const silent = look(record);
      signs += 1;
      lastSigns.heard(agentId, record);
      return silent;
    };
    /** The count begins at the broker's own next record: others go by other clocks. */
    const goOn = (...over: readonly string[]): void => {
      for (const what of over) standstill.delete(what);
      anew = true;
    };
    const end = (): Judgement => {
      if (signs === 0) return undecided("no agent was ever in touch");
      return passed(`${noticed} agents were called lost, ${lastSigns.size} were in touch`);
    };

    return {
      on: {
        "broker.heartbeat": (record) => heard(record.data.agentId, record),
        "broker.enrolled": (record) => heard(record.data.agentId, record),
        "broker.agent": (record) => {
          const { agentId } = record.data;
          if (record.data.standing === "active") return heard(agentId, record);
          // The one that it is about is looked at too: called lost too late is too late.
          const silent = look(record);
          lastSigns.forget(agentId);
          if (record.data.standing === "lost") noticed += 1;
          return silent;
        },
        "broker.job": look,
        "broker.released": look,
        "broker.stopped": (record) => {
          const silent = look(record);
          standstill.set("stopped", 1);
          return silent;
        },
        "broker.started": () => goOn("stopped", "kill-broker", "lose-store", "stall-broker"),
        "fault.applied": ({ data: { fault, subjects } }) => {
          // Of an agent that these name nobody told what became of it: it may be called lost already.
          if (fault === "lose-history") for (const agentId of subjects) lastSigns.forget(agentId);
          if (standstills.has(fault)) standstill.set(fault, (standstill.get(fault) ?? 0) + 1);
          if (fault === "lose-store") lastSigns.clear();
        },
        "fault.undone": ({ data: { fault } }) => {
          const others = (standstill.get(fault) ?? 0) - 1;
          if (others > 0) standstill.set(fault, others);
          else if (others === 0) goOn(fault);
        },
      },
      end,
    };
  },
);
