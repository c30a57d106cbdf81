import { limits } from "../../../foundation/limits.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { amount } from "../setting.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { LeftToOthers } from "./left-to-others.ts";
import { isPeriodic } from "../pause/periodic-freeze.ts";
import { violation, type Violation } from "../story.ts";

/** What the commits on the way may take, in milliseconds. */
const slackMs = 200;

interface Taker {
  readonly agentId: string;
  readonly held: Set<string>;
  /** When its last heartbeat left it with room, by the broker's clock; null while it is not known to have any. */
  hungry: RecordOf<"broker.heartbeat"> | null;
}

type BrokerRecord = RecordOf<"broker.heartbeat"> | RecordOf<"broker.job"> | RecordOf<"broker.released">;

/**
 * Work does not lie about while there is room: a heartbeat is answered with as many jobs as there are, up to the slots
 * that are free, and whoever has room left is told of the next job at once, without waiting for its next heartbeat.
 * A job that an agent could not start is left to others for a while, and then offered with the agent's next heartbeat.
 * One that waits after a failed attempt is offered, and told of, as soon as that is over.
 */
export const workOffered = checkerOf(
  "queued work is offered at once to whoever has room (L2)",
  {
    ...dutyOf("latencyMsMax", "heartbeatIntervalMs", "heartbeatJitterRatio", "startAgainAfterMs"),
    slots: amount("how many jobs an agent runs at once", { takes: "a whole number", otherwise: Infinity }),
  },
  (settings) => {
    const { slots } = settings;
    const boundMs = 4 * settings.latencyMsMax + slackMs;
    /** Whoever drops out may have been told of the job, and the next to ask for it does so by itself. */
    const nextHeartbeatMs = settings.heartbeatIntervalMs * (1 + settings.heartbeatJitterRatio) + settings.latencyMsMax;
    const queued = new Map<string, RecordOf<"broker.job">>();
    const takers = new Map<string, Taker>();
    const agents = new Instances<{ agentId: string | null }>(() => ({ agentId: null }));
    /** Hints go to as many as are needed: while somebody drops out, a job may wait for the next heartbeat. */
    let calmFromMs = -Infinity;
    const left = new LeftToOthers(settings);
    let brokerNowMs = -Infinity;
    let offers = 0;

    const of = (agentId: string): Taker => {
      let taker = takers.get(agentId);
      if (taker === undefined) takers.set(agentId, (taker = { agentId, held: new Set(), hungry: null }));
      return taker;
    };
    const dropsOut = (agentId: string | null | undefined): void => {
      calmFromMs = Math.max(calmFromMs, brokerNowMs + nextHeartbeatMs);
      if (agentId !== null && agentId !== undefined) of(agentId).hungry = null;
    };
    const look = (now: BrokerRecord): Violation | null => {
      brokerNowMs = now.at;
      if (queued.size === 0) return null;
      for (const { agentId, hungry } of takers.values()) {
        const oldest = hungry === null ? undefined : oldestFor(agentId, now.at);
        if (hungry === null || oldest === undefined) continue;
        const againMs = left.untilMs({ agentId, jobId: oldest.data.jobId }) + nextHeartbeatMs;
        const readyMs = Math.max(oldest.at, oldest.data.backoff?.until ?? -Infinity);
        if (now.at - Math.max(readyMs, hungry.at, calmFromMs, againMs) <= boundMs) continue;
        return violation(`${oldest.data.jobId} waits, and an agent has had room for too long`, hungry, oldest, now);
      }
      return null;
    };
    const oldestFor = (agentId: string, atMs: number): RecordOf<"broker.job"> | undefined => {
      for (const job of queued.values()) {
        const mayWait = (job.data.backoff?.until ?? -Infinity) > atMs - slackMs;
        if (!mayWait && !left.mayBe({ agentId, jobId: job.data.jobId, atMs })) return job;
      }
      return undefined;
    };

    return {
      on: {
        "broker.job": (record) => {
          const late = look(record);
          const { jobId, to } = record.data;
          if (to === "queued") queued.set(jobId, record);
          else queued.delete(jobId);
          return late;
        },
        "broker.offered": (record) => {
          const { held } = of(record.data.agentId);
          offers += 1;
          held.add(record.data.leaseId);
          return held.size > slots ? violation("an agent holds more jobs than it has slots", record) : null;
        },
        "broker.released": (record) => {
          const { agentId, leaseId, how } = record.data;
          const late = look(record);
          left.released(record);
          of(agentId).held.delete(leaseId);
          if (how === "completed" || how === "failed" || how === "cancelled") return late;
          dropsOut(agentId);
          return late;
        },
        "broker.heartbeat": (record) => {
          const { agentId, state, slotsFree, offers: made } = record.data;
          const late = look(record);
          const taker = of(agentId);
          const takes = state === "Idle" || state === "Working";
          if (made > (takes ? slotsFree : 0)) return violation("more jobs were offered than slots are free", record);
          const hasRoom = takes && slotsFree > made && taker.held.size < slots && made < limits.offersPerHeartbeatMax;
          const waits = hasRoom ? oldestFor(agentId, record.at) : undefined;
          if (waits !== undefined) return violation("a slot was left free while a job waited", waits, record);
          taker.hungry = hasRoom ? record : null;
          return late;
        },
        "agent.started": (record) => {
          agents.started(record);
          agents.of(record.source).agentId = record.data.agentId ?? null;
        },
        "agent.execution": (record) => left.executed(record),
        "broker.enrolled": (record) => {
          const { agentId, instanceId } = record.data;
          left.enrolled(record);
          agents.of(instanceId).agentId = agentId;
          dropsOut(agentId);
        },
        "broker.pause-acknowledged": ({ data: { agentId } }) => dropsOut(agentId),
        "broker.agent": ({ data: { agentId } }) => dropsOut(agentId),
        "agent.state": ({ source, data: { to } }) => {
          if (to !== "Idle" && to !== "Working") dropsOut(agents.of(source).agentId);
        },
        // A pause that waits for its snapshots takes nothing in; the agent is Paused when they are saved.
        "agent.frozen": (record) => {
          if (!isPeriodic(record)) dropsOut(agents.of(record.source).agentId);
        },
        "agent.shutdown": ({ source }) => dropsOut(agents.of(source).agentId),
      },
      end: () => (offers === 0 ? undecided("nothing was offered") : passed(`${offers} offers`)),
    };
  },
);
