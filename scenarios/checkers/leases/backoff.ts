import { limits } from "../../../foundation/limits.ts";
import { backoffAfter } from "../../../protocol/backoff.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { amount, count } from "../setting.ts";
import { dutyOf } from "../duty-settings.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { type Violation, violation } from "../story.ts";

/** What a start of the broker may take until it is told, in milliseconds. */
const slackMs = 1_000;

/** A queued job that waits, or has waited, after an attempt that came to nothing. */
interface Wait {
  readonly record: RecordOf<"broker.job">;
  /** It is not offered before, by the broker's clock. */
  earliestMs: number;
  /** From then on it is. */
  latestMs: number;
}

/** How an agent says that it failed, and not its owner (`agent/core/start.ts`, `agent/core/sandbox-life.ts`). */
const failures = ["the agent died while it ran", "it could not be started: "].map((reason) => `handed back: ${reason}`);

/** Whether the agent that gave a job back says, by the reason that the broker tells, that its attempt failed. */
export function isFailedAttempt(reason: string): boolean {
  return failures.some((prefix) => reason.startsWith(prefix));
}

/** What ends an attempt that came to nothing. A hand-back does only where its reason says so. */
const endings: ReadonlySet<string> = new Set(["expired", "agent-lost"]);

/**
 * A job waits after an attempt that came to nothing, for longer after each (`protocol/backoff.ts`), and after nothing
 * else: what its donor gives back is offered at once. It is not offered before its wait is over, whatever becomes of the
 * broker meanwhile, and then goes to the first agent with room that is heard, unless the broker is drained. Settings: the fleet's times and `slots`,
 * where they are known; without `backoffMs` only the order of things is judged.
 */
export const backoff = checkerOf(
  "a job waits after each failed attempt, and no longer than it has to (L2)",
  {
    ...dutyOf("startAgainAfterMs", "backoffMsMax"),
    backoffMs: amount("the first wait; without it only the order of things is judged", { otherwise: null }),
    slots: count("how many jobs an agent runs at once, where that is known", 0),
  },
  ({ backoffMs, backoffMsMax, startAgainAfterMs, slots }) => {
    /** How often each job has waited; null where the log does not know any more. */
    const waited = new Map<string, number | null>();
    const waits = new Map<string, Wait>();
    const ended = new Map<string, RecordOf<"broker.released">>();
    /** By agent: the leases that it holds; null where the log does not know any more. */
    const held = new Map<string, Set<string> | null>();
    /** By agent and job: when it gave the job back, and may not be offered it for a while. */
    const declined = new Map<string, number>();
    /** The store may have brought back whatever it likes. */
    let isMurky = false;
    /** The broker's process that offers nothing any more. */
    let drained: string | null = null;
    let judged = 0;

    const wrongWait = (record: RecordOf<"broker.job">): Violation | null => {
      const { jobId, from, reason, backoff: wait } = record.data;
      const release = ended.get(jobId);
      const how = from === "leased" ? release?.data.how : undefined;
      const hasFailed = endings.has(how ?? "") || (how === "handed-back" && isFailedAttempt(reason));
      if (wait === undefined) {
        return hasFailed ? violation(`${jobId} failed at its holder, and does not wait`, release, record) : null;
      }
      judged += 1;
      if (!hasFailed) return violation(`${jobId} waits, and no attempt failed`, release, record);
      const times = waited.get(jobId);
      if (times !== null) waited.set(jobId, (times ?? 0) + 1);
      if (backoffMs === null) return null;
      if (wait.until > record.at + wait.ms) return violation(`${jobId} waits for longer than it is told`, record);
      const { leastMs, mostMs } = backoffAfter((times ?? 0) + 1, { backoffMs, backoffMsMax });
      if (wait.ms >= leastMs && wait.ms <= (times === null ? backoffMsMax : mostMs)) return null;
      return violation(`${jobId} waits for ${wait.ms} ms instead of ${leastMs} to ${mostMs}`, release, record);
    };

    return {
      on: {
        "broker.released": (record) => {
          const { agentId, jobId, leaseId, how } = record.data;
          ended.set(jobId, record);
          held.get(agentId)?.delete(leaseId);
          if (how === "handed-back" || how === "declined") declined.set(`${agentId} ${jobId}`, record.at);
        },
        "broker.job": (record) => {
          const { jobId, to } = record.data;
          const waiting = waits.get(jobId);
          waits.delete(jobId);
          if (to === "offered" && waiting !== undefined && record.at < waiting.earliestMs) {
            return violation(`${jobId} is offered before it has waited for long enough`, waiting.record, record);
          }
          if (to !== "queued") return;
          const wrong = wrongWait(record);
          const { backoff: wait } = record.data;
          if (wait !== undefined) waits.set(jobId, { record, earliestMs: wait.until, latestMs: wait.until });
          return wrong;
        },
        "broker.offered": (record) => {
          const { agentId, leaseId } = record.data;
          if (!held.has(agentId)) held.set(agentId, new Set());
          held.get(agentId)?.add(leaseId);
        },
        "broker.drained": ({ source }) => void (drained = source),
        "broker.heartbeat": (record) => {
          if (record.source === drained) return;
          const { agentId, state, slotsFree, offers, heardAt } = record.data;
          if (isMurky || heardAt === undefined || (state !== "Idle" && state !== "Working")) return;
          const holds = held.get(agentId);
          if (holds === null || slotsFree <= offers || (holds?.size ?? 0) >= slots) return;
          if (offers >= limits.offersPerHeartbeatMax) return;
          for (const [jobId, wait] of waits) {
            const since = declined.get(`${agentId} ${jobId}`);
            const isLeft = since !== undefined && heardAt < since + startAgainAfterMs;
            if (wait.latestMs > heardAt || isLeft) continue;
            return violation(`${jobId} has waited for long enough, and is not offered`, wait.record, record);
          }
        },
        "broker.started": ({ at }) => {
          // The machine's clock may have been set back meanwhile; a wait is then cut to the longest that there is.
          for (const wait of waits.values()) {
            wait.earliestMs = backoffMs !== null ? Math.min(wait.earliestMs, at + backoffMsMax - slackMs) : -Infinity;
            wait.latestMs = Math.min(wait.latestMs, at + backoffMsMax);
          }
        },
        "fault.applied": (record) => {
          const { fault, subjects } = record.data;
          if (fault === "lose-store") isMurky = true;
          for (const subject of forgottenJobs(record)) {
            waits.delete(subject);
            waited.set(subject, null);
          }
          if (fault === "lose-history") for (const subject of subjects) held.set(subject, null);
        },
      },
      end: () => (judged === 0 ? undecided("no attempt of a job failed") : passed(`${judged} times a job waited`)),
    };
  },
);
