import { agentLimits, withdrawalShares } from "../../../agent/core/limits.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { type DutySettings, dutyOf, uploadMs } from "../duty-settings.ts";
import { violation } from "../story.ts";
import {
  endOfStep,
  hurriedBySignals,
  shareOf,
  shareThen,
  type WithdrawalCourse,
  WithdrawalCourses,
} from "./withdrawal-course.ts";

/** What small things take on a host, in milliseconds: to look for processes, to close sockets, to wipe a directory. */
const hostMsMax = 250;
/** Clocks have fractions, and a record is written a moment after what it tells. */
const momentMs = 20;
/** To enrol, to name what was inherited, to upload what fits into one chunk, to tell: each there and back. */
const exchangesMax = 4;

/**
 * WC-4, L1: where nothing breaks a withdrawal takes what its steps need and no longer, however far its deadline is; and
 * it gives nothing up before that has had its share of the deadline.
 */
export const withdrawalPace = checkerOf(
  "a withdrawal takes no longer than its steps need, and hurries none (L1)",
  dutyOf("latencyMsMax", "terminateGraceMs", "uploadChunkBytes", "checkpointBytesMax"),
  (duty) => {
    const courses = new WithdrawalCourses();
    /** The leases that the broker has taken away. */
    const over = new Set<string>();
    /** What the largest checkpoint of an instance takes on its way, by instance: one of before may be on it still. */
    const uploads = new Map<string, number>();
    let judged = 0;
    const see = (record: Parameters<WithdrawalCourses["see"]>[0]): void => courses.see(record);
    return {
      on: {
        "agent.started": see,
        "agent.state": see,
        "agent.frozen": see,
        "agent.checkpoint": (record) => {
          const { archiveBytes } = record.data.checkpoint;
          const isLarge = archiveBytes > duty.uploadChunkBytes && archiveBytes <= duty.checkpointBytesMax;
          const takesMs = isLarge ? uploadMs(duty, archiveBytes) : 0;
          uploads.set(record.source, Math.max(takesMs, uploads.get(record.source) ?? 0));
          see(record);
        },
        "agent.checkpoint-failed": see,
        "agent.execution": see,
        "witness.asked": see,
        "witness.signal": see,
        "witness.resource": see,
        "broker.released": ({ data: { leaseId, how } }) => {
          if (how === "cancelled" || how === "expired") over.add(leaseId);
        },
        "agent.withdrawal": (record) => {
          const course = courses.take(record);
          // One that was broken off began anew, with all its time.
          if (course === undefined || course.endsAtMs === null || course.instances > 1) return;
          if (hurriedBySignals(course)) return;
          judged += 1;
          const context = { duty, over, uploadsMs: uploads.get(record.source) ?? 0 };
          const found =
            tooSlow(record, course, context) ?? tooSoon(record, course) ?? unconfirmed(record, course, context);
          return found === null ? undefined : violation(found, course.begun, record);
        },
      },
      end: () => (judged === 0 ? undecided("nobody withdrew at its leisure") : passed(`${judged} withdrawals`)),
    };
  },
);

type Report = RecordOf<"agent.withdrawal">;

type Duty = DutySettings<"latencyMsMax" | "terminateGraceMs" | "uploadChunkBytes" | "checkpointBytesMax">;

interface Context {
  readonly duty: Duty;
  readonly over: ReadonlySet<string>;
  readonly uploadsMs: number;
}

function tooSlow(
  record: Report,
  course: WithdrawalCourse,
  { duty, over: takenAway, uploadsMs }: Context,
): string | null {
  const roundMs = 2 * duty.latencyMsMax;
  const share = shareOf(course);
  const last = (...types: readonly string[]): number =>
    Math.max(
      0,
      ...course.records.filter(({ type, actor }) => actor === "agent" && types.includes(type)).map(({ at }) => at),
    );
  const frozenMs = last("agent.frozen");
  const savedMs = last("agent.checkpoint", "agent.checkpoint-failed");
  // A snapshot is waited for no longer when the broker takes its job away, and it comes to nothing.
  const cutOff = course.records.flatMap((one) =>
    one.type === "agent.execution" && one.data.to === "killing" && takenAway.has(one.data.leaseId) ? [one.at] : [],
  );
  const over = (name: Parameters<typeof endOfStep>[1]): number => endOfStep(record, name);
  const needs: readonly [string, number, number][] = [
    ["freeze", over("freeze"), course.begun.at + hostMsMax],
    // Whatever is on its way to this host is awaited: an acceptance, the checkpoint that it begins with.
    [
      "checkpoint",
      over("checkpoint"),
      Math.min(
        share(withdrawalShares.checkpoint),
        Math.max(frozenMs, savedMs, ...cutOff, course.begun.at + 2 * roundMs + hostMsMax),
      ),
    ],
    ["terminate", over("terminate"), terminatedBy(record, course, duty)],
    [
      "hand-back",
      over("hand-back"),
      Math.max(
        over("terminate"),
        Math.min(share(withdrawalShares.answer), over("terminate") + exchangesMax * roundMs + hostMsMax + uploadsMs),
      ),
    ],
    ["revoke-key", over("revoke-key"), over("hand-back") + roundMs + hostMsMax],
    ["close-sockets", over("close-sockets"), over("revoke-key") + hostMsMax],
    ["wipe-directories", over("wipe-directories"), over("close-sockets") + hostMsMax],
    ["clear-ledger", over("clear-ledger"), over("wipe-directories") + hostMsMax],
  ];
  const slow = needs.find(([, atMs, byMs]) => atMs > byMs + momentMs);
  return slow === undefined ? null : `${slow[0]} was over ${(slow[1] - slow[2]).toFixed(0)} ms after its time`;
}

/**
 * What was still on its way when the time for checkpoints was over is awaited here, and so is a job that no signal
 * ends: until it comes to its own end, or the share is over.
 */
function terminatedBy(record: Report, course: WithdrawalCourse, duty: Duty): number {
  const share = shareOf(course);
  const { processesLeft } = record.data.report;
  const fromMs = endOfStep(record, "checkpoint");
  const isLate = fromMs >= share(withdrawalShares.checkpoint) - momentMs;
  const { terminate, sweep } = withdrawalShares;
  const shareEndMs = Math.max(fromMs, share(terminate + sweep));
  if (processesLeft.length > 0 || isLate) return shareEndMs + hostMsMax;
  const graceMs = Math.min(duty.terminateGraceMs, share(agentLimits.withdrawTerminateGraceRatio) - share(0));
  // A job that hears no signal may come to its own end meanwhile.
  const ends = course.records.filter(
    ({ type, data }) => type === "agent.execution" && "to" in data && data.to !== "killing",
  );
  // Of one that an earlier instance left, nothing but its processes tells.
  const gone = course.records.flatMap((one) =>
    one.type === "witness.resource" && one.data.change === "gone" && one.data.resource.startsWith("processes:")
      ? [one.at + course.aheadMs]
      : [],
  );
  const ownEndMs = Math.max(0, ...ends.map(({ at }) => at), Math.min(shareEndMs, Math.max(0, ...gone)));
  return Math.max(fromMs + graceMs, ownEndMs) + hostMsMax;
}

function tooSoon(record: Report, course: WithdrawalCourse): string | null {
  const share = shareOf(course);
  for (const one of course.records) {
    if (one.type !== "agent.checkpoint-failed") continue;
    if (one.at >= shareThen(course, one.at)(withdrawalShares.checkpoint) - momentMs) continue;
    return `the checkpoint of ${one.data.jobId} was given up before its share of the deadline was over`;
  }
  const { steps } = record.data.report;
  const deferred = steps.some(({ step, outcome }) => step === "hand-back" && outcome === "deferred");
  if (!deferred || endOfStep(record, "hand-back") >= share(withdrawalShares.broker) - momentMs) return null;
  return "the broker was given up before its share of the deadline was over";
}

/** Whoever had the time for it was confirmed. */
function unconfirmed(record: Report, course: WithdrawalCourse, { duty, uploadsMs }: Context): string | null {
  const { latencyMsMax } = duty;
  const { keyRevoked } = record.data.report;
  if (keyRevoked === "confirmed") return null;
  const leftMs = shareOf(course)(withdrawalShares.broker) - endOfStep(record, "terminate");
  if (leftMs < 2 * exchangesMax * latencyMsMax + hostMsMax + uploadsMs) return null;
  return `the key is ${keyRevoked}, and ${leftMs.toFixed(0)} ms were left for it`;
}
