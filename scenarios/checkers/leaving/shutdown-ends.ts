import { agentLimits } from "../../../agent/core/limits.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { type DutySettings, dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation } from "../story.ts";

/** What a timer, a commit, and a way between two processes of one host may take; milliseconds. */
const slackMs = 500;
/** Signals that come so close to a repeat's time may be taken for one, or not. */
const unsureMs = 20;

interface Instance {
  begun: RecordOf<"agent.shutdown"> | null;
  /** By the harness's clock; null where the broker or nobody that can be told had asked. */
  asked: RecordOf<"witness.signal"> | null;
  hurried: RecordOf<"witness.signal"> | null;
  withdraws: RecordOf<"agent.state"> | null;
  /** It ever took a lease, or may hold one of an instance before. */
  hasWorked: boolean;
  isExcused: boolean;
}

/**
 * No shutdown begins in a withdrawal; and one that began ends though the broker never answers: within the time for
 * snapshots, for the jobs' end and for the one message to the broker; and after a second signal within that for the
 * jobs' end and that for the message of whoever is hurried (`agentLimits.urgentNotifyMs`; docs/cases.md, cases 44 and
 * 45).
 */
export const shutdownEnds = checkerOf(
  "a shutdown ends, though the broker never answers (I9)",
  dutyOf("terminateGraceMs", "shutdownTimeoutMs"),
  (timing) => {
    const instances = new Instances<Instance>(() => ({
      ...{ begun: null, asked: null, hurried: null, withdraws: null, hasWorked: false, isExcused: false },
    }));
    let ends = 0;
    return {
      on: {
        "agent.started": (record) => {
          instances.started(record);
          instances.of(record.source).hasWorked = record.data.resumed;
        },
        "agent.offer": ({ source }) => void (instances.of(source).hasWorked = true),
        "agent.state": (record) => {
          if (record.data.to === "Withdrawing") instances.of(record.source).withdraws = record;
        },
        "agent.shutdown": (record) => {
          if (record.data.stage !== "begin") return;
          const instance = instances.of(record.source);
          instance.begun = record;
          if (instance.withdraws !== null)
            return violation("a shutdown began in a withdrawal", instance.withdraws, record);
          return;
        },
        "agent.frozen": ({ source }) => {
          // A signal that came meanwhile is heard after it.
          if (instances.of(source).asked !== null) instances.of(source).hurried = null;
        },
        "witness.signal": (record) => {
          const instance = instances.ofAgent(record.data.agentId ?? "");
          if (instance === undefined) return;
          if (instance.asked === null) instance.asked = record;
          else if (record.at - instance.asked.at >= agentLimits.signalRepeatMs + unsureMs) instance.hurried ??= record;
        },
        "fault.applied": ({ data: { fault, target } }) => {
          const instance = instances.ofAgent(target);
          if (instance !== undefined && fault !== "disturb-link") instance.isExcused = true;
        },
        "witness.exit": (record) => {
          const instance = instances.ofAgent(record.data.agentId);
          if (instance === undefined || record.data.how !== "shutdown") return;
          const { asked, begun, hurried, withdraws, hasWorked, isExcused } = instance;
          if (asked === null || begun === null || isExcused || withdraws !== null) return;
          ends += 1;
          const since = hurried ?? asked;
          const tookMs = record.at - since.at;
          const mostMs = hurried === null ? patientMs(timing, hasWorked) : 2 * agentLimits.urgentNotifyMs + slackMs;
          if (tookMs <= mostMs) return;
          return violation(`a shutdown took ${tookMs} ms to end, and ought to have in ${mostMs}`, since, record);
        },
      },
      end: () => (ends === 0 ? undecided("no process was told to end") : passed(`${ends} ends`)),
    };
  },
);

function patientMs(
  { terminateGraceMs, shutdownTimeoutMs }: DutySettings<"terminateGraceMs" | "shutdownTimeoutMs">,
  hasWorked: boolean,
): number {
  const workMs = agentLimits.snapshotGiveUpMs + terminateGraceMs + agentLimits.unkillableAfterMs;
  return shutdownTimeoutMs + slackMs + (hasWorked ? workMs : 0);
}
