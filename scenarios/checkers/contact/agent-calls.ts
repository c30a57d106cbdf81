import { agentLimits } from "../../../agent/core/limits.ts";
import { isRetriable } from "../../../protocol/retriable-problem.ts";
import type { ProblemCode } from "../../../protocol/messages.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

type CallRecord = RecordOf<"witness.agent-call">;

/** A wait is spread by so much of itself. */
const jitterRatio = 0.2;
/** For a timer, and for whatever else is under way at that moment; milliseconds. */
const slackMs = 500;

/** What one instance has said by one kind of call. */
interface Said {
  underWay: CallRecord | null;
  /** How often it was not taken, in a row, and when it heard so last. */
  failures: number;
  failed: CallRecord | null;
}

interface Speaker {
  readonly enrol: Said;
  readonly paused: Said;
  /** It was taken in, and has not been told otherwise since. */
  isHeeded: boolean;
  /** When it was last taken in. */
  heededAt: number;
  /** Told that another instance is heeded, since it was last taken in: it waits before it takes its turn. */
  fenced: CallRecord | null;
  /** How often in a row it had to take turns. */
  turns: number;
  isLeaving: boolean;
  /** What is saved of its jobs is told as soon as it got through, and the pause with it. */
  hasWorked: boolean;
  /** It withdraws: what it says of that is paced by its deadline. */
  isWithdrawing: boolean;
  /** It stood still or was hurt, or its clock was set: nothing is expected of it in time. */
  isExcused: boolean;
}

const nothingSaid = (): Said => ({ underWay: null, failures: 0, failed: null });

/**
 * What an agent says to its broker of itself: one call at a time, again after waits that grow until it is heard, and
 * not any more then. Whoever was told that another instance is heeded waits as well, and longer each time, or two would
 * take turns at full speed; after a time of peace it begins anew. Nobody says either on the way out (`agentLimits`, docs/cases.md, cases 8 and 13).
 */
export const agentCalls = checkerOf("an agent asks to be taken in, and tells of its pause, in measure (I6)", () => {
  const speakers = new Instances<Speaker>(() => ({
    ...{ enrol: nothingSaid(), paused: nothingSaid(), isHeeded: false, heededAt: 0, fenced: null, turns: 0 },
    ...{ hasWorked: false, isLeaving: false, isWithdrawing: false, isExcused: false },
  }));
  let calls = 0;

  const tooSoon = (record: CallRecord, said: Said): Violation | null => {
    if (said.failed === null) return null;
    const leastMs = waitMs(said.failures) * (1 - jitterRatio) - 1;
    if (record.at - said.failed.at >= leastMs) return null;
    return violation(`${record.data.call} is said again too soon after ${said.failures} failures`, said.failed, record);
  };
  const enrols = (record: CallRecord, speaker: Speaker): Violation | null => {
    const { enrol, fenced, isHeeded } = speaker;
    if (isHeeded) return violation("an agent that is heeded asks to be taken in again", record);
    if (speaker.isWithdrawing) return null;
    const soon = tooSoon(record, enrol);
    if (soon !== null || fenced === null || enrol.failed !== null) return soon;
    speaker.turns += 1;
    const leastMs = speaker.isExcused ? 0 : waitMs(speaker.turns) * (1 - jitterRatio) - 1;
    if (record.at - fenced.at >= leastMs) return null;
    return violation(`an agent takes its turn too soon for the ${speaker.turns}. time`, fenced, record);
  };
  const pauses = (record: CallRecord, { paused, hasWorked }: Speaker): Violation | null =>
    hasWorked ? null : tooSoon(record, paused);
  const sent = (record: CallRecord, speaker: Speaker): Violation | null => {
    const said = record.data.call === "enrol" ? speaker.enrol : speaker.paused;
    if (said.underWay !== null) {
      return violation(`${record.data.call} is said twice at a time`, said.underWay, record);
    }
    // A withdrawal may take a shutdown over.
    if (speaker.isLeaving && !speaker.isWithdrawing)
      return violation(`${record.data.call} is said on the way out`, record);
    const wrong = record.data.call === "enrol" ? enrols(record, speaker) : pauses(record, speaker);
    said.underWay = record;
    return wrong;
  };
  const heard = (record: CallRecord, speaker: Speaker): void => {
    const { call, outcome } = record.data;
    if (call === "heartbeat") {
      speaker.isHeeded = false;
      // Two at peace for so long do not take turns.
      if (speaker.fenced === null && record.at - speaker.heededAt > agentLimits.heededInPeaceMs) speaker.turns = 0;
      // Whoever is not known at all need not take turns.
      speaker.fenced = outcome === "fenced" ? (speaker.fenced ?? record) : null;
      return;
    }
    const said = call === "enrol" ? speaker.enrol : speaker.paused;
    // The answer to a pause of before says nothing of this one.
    if (said.underWay?.data.generation !== record.data.generation) return;
    said.underWay = null;
    const again = outcome === "unreachable" || isRetriable(outcome as ProblemCode);
    said.failures = again ? said.failures + 1 : 0;
    said.failed = again ? record : null;
    if (call === "enrol" && outcome === "ok") {
      speaker.isHeeded = true;
      speaker.heededAt = record.at;
      speaker.fenced = null;
    }
  };
  /** Whether whoever failed to be taken in asks again in time. */
  const look = (record: CallRecord | RecordOf<"witness.resource">, speaker: Speaker | undefined): Violation | null => {
    if (speaker === undefined || speaker.isExcused || speaker.isLeaving || speaker.isWithdrawing) return null;
    const { failed, underWay, failures } = speaker.enrol;
    if (failed === null || underWay !== null) return null;
    if (record.at - failed.at <= waitMs(failures) * (1 + jitterRatio) + slackMs) return null;
    return violation(`an agent that was not taken in ${failures} times does not ask again`, failed, record);
  };

  return {
    on: {
      "witness.agent-call": (record) => {
        const speaker = speakers.of(record.data.instanceId);
        calls += 1;
        const late = look(record, speaker);
        if (late !== null) return late;
        if (record.data.outcome === "sent") return sent(record, speaker);
        heard(record, speaker);
        return null;
      },
      "witness.resource": (record) => look(record, speakers.ofAgent(record.data.agentId)),
      "witness.heard": ({ data: { agentId, code } }) => {
        const speaker = speakers.ofAgent(agentId);
        if (speaker !== undefined && code === "fenced") speaker.isHeeded = false;
      },
      "agent.started": (record) => {
        speakers.started(record);
        speakers.of(record.source).hasWorked = record.data.resumed;
      },
      "agent.state": ({ source, data: { to } }) => {
        if (to === "Withdrawing") speakers.of(source).isWithdrawing = true;
        // Another pause begins anew.
        else if (to === "Paused") Object.assign(speakers.of(source).paused, nothingSaid());
      },
      "agent.shutdown": ({ source }) => void (speakers.of(source).isLeaving = true),
      "agent.offer": ({ source }) => void (speakers.of(source).hasWorked = true),
      "fault.applied": ({ data: { fault, target } }) => {
        const speaker = speakers.ofAgent(target);
        if (speaker !== undefined && fault !== "disturb-link") speaker.isExcused = true;
      },
    },
    end: () => (calls === 0 ? undecided("no agent asked to be taken in") : passed(`${calls} calls`)),
  };
});

/** Doubles with each failure, up to the most. */
function waitMs(failures: number): number {
  return Math.min(agentLimits.retryMsMax, agentLimits.retryMsMin * 2 ** (failures - 1));
}
