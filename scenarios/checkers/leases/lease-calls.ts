import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Debt } from "../debt.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { Instances } from "../instances.ts";
import { Recent } from "../recent.ts";
import { violation, type Violation } from "../story.ts";

type CallRecord = RecordOf<"witness.lease-call">;

/** The first wait before something is said again, and the longest, with their jitter; milliseconds. */
const waitMsMin = 300;
const waitMsMax = 75_000;
/** Checkpoints that did not get through make the waits grow as well, and of so many nobody need tell. */
const uploadsUntold = 3;
/** For a timer, and for whatever else is under way at that moment; milliseconds. */
const slackMs = 500;
/** An acceptance that nobody answers is not repeated for ever. */
/** What is tried again after a wait. */
const failures: ReadonlySet<string> = new Set(["unreachable", "internal", "full", "store-away"]);
const acceptancesMax = 3;

/** What one instance has said of one lease by one kind of call. */
interface Said {
  last: CallRecord;
  times: number;
  underWay: boolean;
  settled: boolean;
}

interface Speaker {
  readonly said: Map<string, Said>;
  /** Of its completions, in a row. */
  failures: number;
  /** It takes nothing in, or did not a while ago. */
  closed: boolean;
  /** It is Paused or leaves: whoever waits for the answer to an acceptance then takes no for it. */
  takesNothing: boolean;
  /** Since it has the broker again, until it has told what waits for that. */
  back: Debt<RecordOf<"agent.broker">> | null;
  /** How many of its completions are failed. */
  failed: number;
  /** The completions that had failed when it began to withdraw, until they are said again. */
  unsaid: Map<string, CallRecord> | null;
  /** It leaves, or it stood still or was hurt: nothing is expected of it any more. */
  excused: boolean;
}

/** What the broker made of a lease, as its own records tell. */
interface Lease {
  leased: boolean;
  how: RecordOf<"broker.released">["data"]["how"] | null;
}

/**
 * I3: an agent says what became of a lease until it is heard, and not any more after that: one call at a time, again
 * after waits that grow or as soon as the broker is back, and an acceptance a few times only. What the broker answers
 * well is so: a lease whose acceptance, completion or return was taken has been granted, is done, or is back; and a
 * repeat of what was taken is taken, too.
 */
export const leaseCalls = checkerOf("what is said of a lease is said until it is heard, and holds then (I3)", () => {
  const speakers = new Instances<Speaker>(() => ({
    said: new Map(),
    failures: 0,
    closed: false,
    takesNothing: false,
    back: null,
    failed: 0,
    unsaid: null,
    excused: false,
  }));
  const leases = new Recent<Lease>();
  let calls = 0;
  /** Nobody can tell any more what the broker did. */
  let blind = false;

  const sent = (record: CallRecord, speaker: Speaker): Violation | null => {
    const { leaseId, call } = record.data;
    const key = `${call} ${leaseId}`;
    const before = speaker.said.get(key);
    speaker.unsaid?.delete(leaseId);
    const accepted = call === "return" ? speaker.said.get(`accept ${leaseId}`) : undefined;
    if (accepted?.last.data.outcome === "unreachable" && accepted.times < acceptancesMax && !speaker.closed) {
      return violation(
        `${leaseId} is given back after ${accepted.times} of ${acceptancesMax} tries`,
        accepted.last,
        record,
      );
    }
    if (before === undefined) {
      speaker.said.set(key, { last: record, times: 1, underWay: true, settled: false });
      return null;
    }
    const { last } = before;
    if (before.underWay) return violation(`${key} is said twice at a time`, last, record);
    if (before.settled && !blind) return violation(`${key} is said again after it was answered`, last, record);
    if (call === "accept" && speaker.takesNothing) {
      return violation(`${key} is said again by an agent that takes nothing`, last, record);
    }
    before.times += 1;
    if (isFailed(before)) speaker.failed -= 1;
    before.underWay = true;
    before.last = record;
    const tooOften = call === "accept" && before.times > acceptancesMax;
    return tooOften ? violation(`${key} is said for the ${before.times}. time`, last, record) : null;
  };
  const heard = (record: CallRecord, speaker: Speaker): Violation | null => {
    const { leaseId, call, outcome } = record.data;
    const said = speaker.said.get(`${call} ${leaseId}`);
    if (said === undefined) return null;
    if (isFailed(said)) speaker.failed -= 1;
    said.underWay = false;
    said.last = record;
    if (isFailed(said)) speaker.failed += 1;
    const failed = failures.has(outcome);
    // It is away anew.
    if (outcome === "unreachable") speaker.back = null;
    said.settled = !failed && outcome !== "fenced" && outcome !== "malformed";
    if (call !== "accept" && failed) speaker.failures += 1;
    // The wait of one that failed stands, whatever gets through meanwhile.
    else if (outcome === "ok" && !hasFailed(speaker)) speaker.failures = 0;
    calls += 1;
    return blind || failed ? null : judge(record, leases.get(leaseId));
  };
  const judge = (record: CallRecord, lease: Lease | undefined): Violation | null => {
    const { leaseId, call, outcome } = record.data;
    const how = lease?.how ?? null;
    const isTaken =
      call === "accept"
        ? lease?.leased === true
        : call === "complete"
          ? how === "completed" || how === "failed"
          : how === "handed-back" || how === "declined";
    if (outcome === "ok" && !isTaken)
      return violation(`${call} of ${leaseId} was taken, and nothing came of it`, record);
    // Of an acceptance the lease may be over by now, and with it what there is to say.
    const isOver = call === "accept" ? how !== null : how === "declined";
    if (outcome === "ok" || !isTaken || isOver || outcome === "fenced" || outcome === "unknown-agent") return null;
    return outcome === "revoked" ? null : violation(`${call} of ${leaseId} was taken, and is refused now`, record);
  };
  /** Whoever withdraws says what it has to say of its leases before it gives them back. */
  const partsWith = (record: RecordOf<"witness.call">): Violation | null => {
    // Whose lease was over already, as its holder had heard, is not known where a store has forgotten something.
    if (blind || record.data.route !== "withdraw") return null;
    const speaker = speakers.ofAgent(record.data.agentId);
    for (const [leaseId, failed] of speaker?.unsaid ?? []) {
      if (leases.get(leaseId)?.how === null) return violation(`${leaseId} is given back, and was done`, failed, record);
    }
    return null;
  };
  /** Whether a completion that failed is said again in time. */
  const look = (record: CallRecord | RecordOf<"witness.resource">, speaker: Speaker | undefined): Violation | null => {
    // Whether a lease is over already is not known where the broker's last word is lost.
    if (speaker === undefined || speaker.excused || blind) return null;
    const patienceMs = Math.min(waitMsMax, waitMsMin * 2 ** (speaker.failures + uploadsUntold)) + slackMs;
    // What waited for the broker is said at once when that is back.
    const isBack = speaker.back !== null && speaker.back.ageMs(record) > 0;
    if (isBack) speaker.back = null;
    // As nearly always.
    if (speaker.failed === 0) return null;
    const waitMs = isBack ? 0 : patienceMs;
    for (const [key, said] of speaker.said) {
      if (!isFailed(said)) continue;
      const { last } = said;
      // Of what is over at the broker its holder hears by a heartbeat's answer.
      if ((leases.get(last.data.leaseId)?.how ?? null) !== null) continue;
      if (record.at - last.at > waitMs) return violation(`${key} failed and is not said again`, last, record);
    }
    return null;
  };

  const hurried = (agentId: string | undefined): void => {
    const speaker = speakers.ofAgent(agentId ?? "");
    if (speaker !== undefined) speaker.unsaid = null;
  };

  return {
    on: {
      "witness.lease-call": (record) => {
        const speaker = speakers.of(record.data.instanceId);
        const { outcome } = record.data;
        return look(record, speaker) ?? (outcome === "sent" ? sent(record, speaker) : heard(record, speaker));
      },
      "witness.resource": (record) => look(record, speakers.ofAgent(record.data.agentId)),
      "agent.started": (record) => void speakers.started(record),
      // An offer that was late on its way may be taken again when it is over here.
      "agent.offer": ({ source, data: { leaseId } }) => {
        const accepted = speakers.of(source).said.get(`accept ${leaseId}`);
        if (accepted?.underWay === false) speakers.of(source).said.delete(`accept ${leaseId}`);
      },
      "agent.broker": (record) => {
        speakers.of(record.source).back = record.data.reachable ? new Debt(record) : null;
      },
      "agent.state": ({ source, data: { to } }) => {
        if (to === "Paused" || to === "Withdrawing") speakers.of(source).closed = true;
        speakers.of(source).takesNothing = to !== "Idle" && to !== "Working";
        if (to !== "Withdrawing") return;
        const speaker = speakers.of(source);
        if (!speaker.excused) speaker.unsaid = failedCompletions(speaker);
        speaker.excused = true;
      },
      "witness.call": partsWith,
      // Whoever has less time may have none for that.
      "witness.signal": ({ data: { agentId } }) => hurried(agentId),
      "witness.asked": ({ data: { agentId } }) => hurried(agentId),
      "agent.frozen": ({ source }) => {
        speakers.of(source).closed = true;
      },
      "agent.shutdown": ({ source }) => {
        speakers.of(source).closed = true;
        speakers.of(source).excused = true;
      },
      "broker.leased": ({ data: { leaseId } }) => leases.set(leaseId, { leased: true, how: null }),
      "broker.released": ({ data: { leaseId, how } }) => {
        leases.set(leaseId, { leased: leases.get(leaseId)?.leased ?? false, how });
      },
      "fault.applied": (record) => {
        const { fault, target } = record.data;
        const speaker = speakers.ofAgent(target);
        if (speaker !== undefined && fault !== "disturb-link") Object.assign(speaker, { excused: true, unsaid: null });
        // Of these nobody can tell what the broker did, under whichever lease.
        if (forgottenJobs(record).length > 0) blind = true;
      },
    },
    end: () => (calls === 0 ? undecided("no lease was spoken of") : passed(`${calls} calls were answered`)),
  };
});

/** Whether it is a completion that nobody heard, and is not said again yet. */
function isFailed({ last: { data }, underWay }: Said): boolean {
  return !underWay && data.call === "complete" && data.outcome === "unreachable";
}

function failedCompletions({ said }: Speaker): Map<string, CallRecord> {
  const failed = new Map<string, CallRecord>();
  for (const one of said.values()) if (isFailed(one)) failed.set(one.last.data.leaseId, one.last);
  return failed;
}

function hasFailed({ said }: Speaker): boolean {
  for (const { last, underWay } of said.values()) if (!underWay && last.data.outcome === "unreachable") return true;
  return false;
}
