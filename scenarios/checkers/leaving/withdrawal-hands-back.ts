import { agentLimits, withdrawalShares } from "../../../agent/core/limits.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { type DutySettings, dutyOf, uploadMs } from "../duty-settings.ts";
import { violation, type Violation } from "../story.ts";
import { endOfStep, hurriedBySignals, shareOf, type WithdrawalCourse, WithdrawalCourses } from "./withdrawal-course.ts";

const exchangesMax = 4;
const hostMsMax = 250;

interface Released {
  readonly record: RecordOf<"broker.agent">;
  /** In that very moment. */
  readonly leases: readonly RecordOf<"broker.released">[];
}

/**
 * WC-4: where nothing breaks every lease of an agent that withdraws is handed back in the same breath in which its key
 * is revoked, with the newest checkpoint that there is; and the report counts them.
 */
export const withdrawalHandsBack = checkerOf(
  "a withdrawal hands every lease back with its newest checkpoint (WC-4)",
  dutyOf("latencyMsMax", "uploadChunkBytes", "checkpointBytesMax"),
  (duty) => {
    const courses = new WithdrawalCourses();
    const newest = new Map<string, RecordOf<"agent.checkpoint">>();
    /** By agent, what the broker released. */
    const releasing = new Map<string, RecordOf<"broker.released">[]>();
    const revoked = new Map<string, Released>();
    /** The leases that an agent gave back one by one. */
    const returned = new Set<string>();
    /** By agent, how many leases the broker counts as its. */
    const held = new Map<string, number>();
    let judged = 0;
    const see = (record: Parameters<WithdrawalCourses["see"]>[0]): void => courses.see(record);
    return {
      on: {
        "agent.started": see,
        "agent.state": see,
        "witness.asked": see,
        "witness.signal": (record) => {
          see(record);
          const course = courses.of(record.data.agentId ?? "");
          // One that comes so soon that it is taken for a repeat shortens nothing, and may not be told from one that does.
          if (course === undefined || !hurriedBySignals(course)) return;
          courses.hasten(course, { atMs: record.at, forMs: agentLimits.urgentNotifyMs });
        },
        "agent.checkpoint": (record) => {
          newest.set(record.data.leaseId, record);
        },
        "witness.lease-call": ({ data: { call, leaseId } }) => {
          if (call === "return") returned.add(leaseId);
        },
        "broker.leased": ({ data: { agentId } }) => {
          held.set(agentId, (held.get(agentId) ?? 0) + 1);
        },
        "broker.released": (record) => {
          const { agentId, how } = record.data;
          if (how !== "offer-lapsed" && how !== "declined") held.set(agentId, (held.get(agentId) ?? 0) - 1);
          releasing.set(agentId, [...(releasing.get(agentId) ?? []), record]);
        },
        "broker.agent": (record) => {
          const { agentId, standing } = record.data;
          if (standing !== "revoked") {
            // What a shutdown gave back was not the withdrawal's to give, however soon that follows.
            releasing.delete(agentId);
            return;
          }
          const before = releasing.get(agentId) ?? [];
          revoked.set(agentId, { record, leases: before.filter(({ at }) => at === record.at) });
          releasing.delete(agentId);
        },
        "agent.withdrawal": (record) => {
          const { agentId, keyRevoked, attempts, leasesDeferred } = record.data.report;
          const course = courses.take(record);
          if (course === undefined || agentId === null || attempts > 1 || course.endsAtMs === null) return;
          judged += 1;
          const released = revoked.get(agentId);
          if (keyRevoked === "confirmed" && released !== undefined) {
            return judgeHandBack(record, { course, released, newest, returned, duty });
          }
          // What the broker has not heard by now it still counts, unless the message is on its way to it.
          if (released !== undefined || leasesDeferred >= (held.get(agentId) ?? 0)) return;
          return violation(
            `${leasesDeferred} leases are reported as deferred, the broker counts ${held.get(agentId)}`,
            record,
          );
        },
      },
      end: () => (judged === 0 ? undecided("nobody withdrew") : passed(`${judged} withdrawals`)),
    };
  },
);

function judgeHandBack(
  record: RecordOf<"agent.withdrawal">,
  {
    course,
    released,
    newest,
    returned,
    duty,
  }: {
    course: WithdrawalCourse;
    released: Released;
    newest: ReadonlyMap<string, RecordOf<"agent.checkpoint">>;
    returned: ReadonlySet<string>;
    duty: DutySettings<"latencyMsMax" | "uploadChunkBytes" | "checkpointBytesMax">;
  },
): Violation | undefined {
  const { leasesHandedBack, processesLeft } = record.data.report;
  // Revoked before it asked, because it was away for so long: its leases had gone back by then.
  if (released.record.at < course.begun.at - course.aheadMs) return;
  const roundMs = 2 * duty.latencyMsMax;
  const handedBack = released.leases.filter(({ data }) => data.how === "handed-back");
  // One that was given back on its own just then may be counted as either.
  const vague = handedBack.filter(({ data }) => returned.has(data.leaseId)).length;
  const most = handedBack.length;
  if (leasesHandedBack > most || leasesHandedBack < most - vague) {
    const counted = `${leasesHandedBack} leases are reported as handed back, the broker took ${handedBack.length}`;
    return violation(counted, released.record, record);
  }
  const forMs = (course.endsAtMs ?? 0) - course.begun.at;
  const leftMs = shareOf(course)(withdrawalShares.upload) - endOfStep(record, "terminate");
  const sizes = handedBack.map(({ data }) => newest.get(data.leaseId)?.data.checkpoint.archiveBytes ?? 0);
  const needMs = exchangesMax * roundMs + hostMsMax + uploadMs(duty, Math.max(0, ...sizes));
  if (forMs * withdrawalShares.checkpoint < roundMs + hostMsMax || leftMs < needMs) return;
  // A job that does not die in time stays with its lease, which the revocation ends.
  if (processesLeft.length > 0) return;
  const forgotten = released.leases.find(({ data }) => data.how === "revoked");
  if (forgotten !== undefined) return violation("a lease was not handed back", course.begun, forgotten, record);
  for (const one of handedBack) {
    const saved = newest.get(one.data.leaseId);
    // What the broker's store does not take stays behind.
    if (saved !== undefined && saved.data.checkpoint.archiveBytes > duty.checkpointBytesMax) continue;
    if (saved === undefined || saved.data.checkpoint.archiveDigest === one.data.checkpoint?.archiveDigest) continue;
    return violation("a lease was handed back without its newest checkpoint", saved, one, record);
  }
  return undefined;
}
