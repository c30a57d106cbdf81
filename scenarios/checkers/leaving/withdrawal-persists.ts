import { agentLimits, withdrawalShares } from "../../../agent/core/limits.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { violation, type Violation } from "../story.ts";
import { endOfStep } from "./withdrawal-course.ts";

/** Clocks have fractions, and a timer rings a moment late. */
const momentMs = 50;

type Said = RecordOf<"witness.call"> | RecordOf<"witness.heard">;

/** What one instance that withdraws said to its broker and heard, by the harness's clock, in the order of the log. */
interface Talk {
  readonly begun: RecordOf<"agent.state">;
  /** By how much the agent's clock is ahead; null for one that goes on with another's withdrawal. */
  readonly aheadMs: number | null;
  readonly deadlineMs: number;
  /** It is to end earlier than that. */
  isSpoilt: boolean;
  readonly said: Said[];
}

/** What the broker may answer for good, and what a withdrawal makes of it. */
const finals: Readonly<Record<string, "confirmed" | "no-key">> = {
  ok: "confirmed",
  revoked: "confirmed",
  "unknown-agent": "no-key",
  "bad-join-token": "no-key",
};
/** What is tried again. */
const again: ReadonlySet<string> = new Set([
  "unreachable",
  "internal",
  "full",
  "store-away",
  "out-of-service",
  "stale-signature",
  "replayed",
  "fenced",
]);

/**
 * WC-4: while it has time an agent that withdraws goes on telling its broker, enrols first where another instance is
 * heeded, and makes of an answer what that says.
 */
export const withdrawalPersists = checkerOf("an agent that withdraws tells its broker until it is heard (WC-4)", () => {
  const talks = new Map<string, Talk>();
  const agentOf = new Map<string, string>();
  const asked = new Map<string, RecordOf<"witness.asked">>();
  /** What one that stood still heard, it heard later than it came: nothing can be said of its times. */
  const stalled = new Set<string>();
  let judged = 0;
  const noted = (record: Said): void => void talks.get(record.data.agentId)?.said.push(record);
  const spoil = (agentId: string | undefined): void => {
    const talk = talks.get(agentId ?? "");
    if (talk !== undefined) talk.isSpoilt = true;
  };
  return {
    on: {
      "agent.started": ({ source, data: { agentId } }) => {
        agentOf.set(source, agentId ?? "");
        talks.delete(agentId ?? "");
        stalled.delete(agentId ?? "");
      },
      "witness.asked": (record) => {
        const { agentId, command } = record.data;
        if (command !== "withdraw" || agentId === undefined) return;
        asked.set(agentId, record);
        spoil(agentId);
      },
      "witness.answered": ({ data: { agentId, request, ok } }) => {
        // What was asked of one that died before it took it up is no part of a later withdrawal.
        if (!ok && agentId !== undefined && asked.get(agentId)?.data.request === request) asked.delete(agentId);
      },
      "witness.signal": ({ data: { agentId } }) => spoil(agentId),
      "fault.applied": ({ data: { fault, target } }) => {
        if (fault === "stall-agent") stalled.add(target);
      },
      "agent.state": (record) => {
        const agentId = agentOf.get(record.source) ?? "";
        if (record.data.to !== "Withdrawing") return;
        const wish = asked.get(agentId);
        asked.delete(agentId);
        const deadlineMs = wish?.data.deadlineMs ?? agentLimits.withdrawDeadlineMs;
        const aheadMs = wish === undefined ? null : record.at - wish.at;
        talks.set(agentId, { begun: record, aheadMs, deadlineMs, isSpoilt: false, said: [] });
      },
      "witness.call": noted,
      "witness.heard": noted,
      "agent.withdrawal": (record) => {
        const agentId = record.data.report.agentId ?? "";
        const talk = talks.get(agentId);
        talks.delete(agentId);
        if (talk === undefined || talk.said.length === 0 || stalled.has(agentId)) return;
        judged += 1;
        const wrongOrder = fencedAndGoesOn(talk);
        if (wrongOrder !== null) return wrongOrder;
        if (talk.aheadMs === null || record.data.report.attempts > 1) return;
        const endMs = endOfStep(record, "hand-back") - talk.aheadMs;
        return answerNotTaken(record, { talk, endMs }) ?? givenUp(record, { talk, endMs }) ?? undefined;
      },
    },
    end: () =>
      judged === 0 ? undecided("no agent told its broker that it withdraws") : passed(`${judged} withdrawals`),
  };
});

function heard({ said }: Talk, ...routes: readonly string[]): RecordOf<"witness.heard">[] {
  return said.filter((one) => one.type === "witness.heard").filter(({ data }) => routes.includes(data.route));
}

/** A final answer is what the report says, unless the broker had been given up by then. */
function answerNotTaken(
  record: RecordOf<"agent.withdrawal">,
  { talk, endMs }: { talk: Talk; endMs: number },
): Violation | null {
  const { keyRevoked } = record.data.report;
  const answers = heard(talk, "withdraw", "enrol").filter(
    ({ at, data }) =>
      at < endMs + 1 && finals[data.code] !== undefined && (data.route === "withdraw" || data.code !== "ok"),
  );
  const means = answers.map(({ data }) => finals[data.code]);
  if (keyRevoked === "deferred") {
    const first = answers.find(({ at }) => at < endMs - 1);
    const isAlive = heard(talk, "probe").some(({ data }) => data.code === "ok");
    if (first === undefined || isAlive) return null;
    return violation(`the broker answered ${first.data.code}, and the report calls it deferred`, first, record);
  }
  if (means.includes(keyRevoked)) return null;
  return violation(`the key is ${keyRevoked}, and the broker never answered so`, talk.begun, ...answers, record);
}

/** Where another instance is heeded, this one enrols before it tells of its withdrawal again. */
function fencedAndGoesOn({ said }: Talk): Violation | null {
  let fenced: Said | null = null;
  for (const one of said) {
    if (one.type === "witness.heard" && one.data.route === "withdraw" && one.data.code === "fenced") fenced = one;
    if (one.type === "witness.heard" && one.data.route === "enrol" && one.data.code === "ok") fenced = null;
    if (fenced === null || one.type !== "witness.call" || one.data.route !== "withdraw") continue;
    return violation("the broker heeded another instance, and was told again before an enrolment", fenced, one);
  }
  return null;
}

/** An enrolment from before that is answered while the withdrawal itself is on its way is no failure of that. */
function failuresOf({ said }: Talk): RecordOf<"witness.heard">[] {
  const failures: RecordOf<"witness.heard">[] = [];
  let onItsWay = false;
  for (const one of said) {
    const { route } = one.data;
    if (route === "withdraw") onItsWay = one.type === "witness.call";
    else if (route !== "enrol" || onItsWay) continue;
    if (one.type === "witness.heard" && again.has(one.data.code)) failures.push(one);
  }
  return failures;
}

/** Nobody gives the broker up who has attempts and time left, and nobody waits for what is due. */
function givenUp(
  record: RecordOf<"agent.withdrawal">,
  { talk, endMs }: { talk: Talk; endMs: number },
): Violation | null {
  if (talk.isSpoilt) return null;
  const failures = failuresOf(talk).filter(({ at }) => at <= endMs + 1);
  const beganMs = talk.begun.at - (talk.aheadMs ?? 0);
  const shareMs = (share: number): number => beganMs + talk.deadlineMs * share;
  const { keyRevoked, steps } = record.data.report;
  const deferred =
    keyRevoked === "deferred" && steps.some(({ step, outcome }) => step === "hand-back" && outcome === "deferred");
  if (
    deferred &&
    failures.length < agentLimits.withdrawAttemptsMax &&
    endMs < shareMs(withdrawalShares.broker) - momentMs
  ) {
    return violation(`the broker was given up after ${failures.length} failures`, talk.begun, ...failures, record);
  }
  for (const [index, failure] of failures.entries()) {
    const attempt = index + 1;
    const dueMs = failure.at + attempt * agentLimits.retryMsMin;
    if (
      attempt >= agentLimits.withdrawAttemptsMax ||
      endMs <= Math.max(dueMs, shareMs(withdrawalShares.upload)) + momentMs
    )
      break;
    const next = talk.said.find(
      ({ type, at, data }) =>
        type === "witness.call" && at > failure.at && (data.route === "withdraw" || data.route === "enrol"),
    );
    if (next === undefined) return violation("the broker was not told again, and there was time", failure, record);
  }
  return null;
}
