import type { AgentState } from "../../../protocol/agent-states.ts";
import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, type Judgement, passed, type RecordOf, undecided } from "../checker.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { atLeast } from "../setting.ts";
import { Instances } from "../instances.ts";
import { isPeriodic } from "./periodic-freeze.ts";
import { violation, type Violation } from "../story.ts";

interface Instance {
  state: RecordOf<"agent.state"> | null;
  shutdown: RecordOf<"agent.shutdown"> | null;
  /** The freeze of a pause that has not taken effect yet. */
  frozen: RecordOf<"agent.frozen"> | null;
  /** What was taken in during that freeze: wrong, unless a thaw shows that the pause had been called off before. */
  suspect: Violation | null;
}

const isClosed = (state: AgentState | undefined): boolean => state === "Paused" || state === "Withdrawing";

/**
 * I6: no lease is accepted and no job started while the agent is Paused, Withdrawing or Withdrawn, shuts down, or is
 * frozen for a pause; neither by its own account nor, once the broker has acknowledged a pause, by the broker's. Setting:
 * `queuedMin` (default 1), how many jobs must have been waiting for a holder while the agent was closed: where nothing
 * could have been taken in, nothing is proved.
 */
export const noIntake = checkerOf(
  "nothing is accepted or started while Paused or Withdrawing (I6)",
  { queuedMin: atLeast(1, "jobs that waited while the agent was closed") },
  ({ queuedMin }) => {
    const instances = new Instances<Instance>(() => ({ state: null, shutdown: null, frozen: null, suspect: null }));
    const acknowledged = new Map<string, RecordOf<"broker.pause-acknowledged">>();
    const queued = new Set<string>();
    const figures = { queuedMost: 0, closedNow: 0, closed: 0, declined: 0 };
    const countQueued = (): void => {
      if (figures.closedNow > 0) figures.queuedMost = Math.max(figures.queuedMost, queued.size);
    };
    return {
      on: {
        "broker.pause-acknowledged": (record) => {
          acknowledged.set(record.data.agentId, record);
        },
        "broker.heartbeat": ({ data: { agentId, state } }) => {
          if (acknowledged.size > 0 && state !== "Paused") acknowledged.delete(agentId);
        },
        "broker.leased": (record) => {
          const pause = acknowledged.get(record.data.agentId);
          if (pause === undefined) return;
          const summary = `${record.data.leaseId} was granted to an agent whose pause the broker had acknowledged`;
          return violation(summary, pause, record);
        },
        "broker.job": ({ data: { jobId, to } }) => {
          if (to === "queued") queued.add(jobId);
          else queued.delete(jobId);
          countQueued();
        },
        "fault.applied": (record) => {
          for (const jobId of forgottenJobs(record)) queued.delete(jobId);
        },
        "agent.started": (record) => {
          if (isClosed(instances.started(record)?.state?.data.to)) figures.closedNow -= 1;
        },
        "agent.state": (record) => {
          const instance = instances.of(record.source);
          if (isClosed(instance.state?.data.to)) figures.closedNow -= 1;
          if (isClosed(record.data.to)) {
            figures.closedNow += 1;
            figures.closed += 1;
          }
          countQueued();
          return moved(instance, record);
        },
        "agent.frozen": (record) => {
          if (!isPeriodic(record)) instances.of(record.source).frozen = record;
        },
        "agent.thawed": ({ source }) => {
          const instance = instances.of(source);
          instance.frozen = null;
          instance.suspect = null;
        },
        "agent.shutdown": (record) => {
          if (record.data.stage === "begin") instances.of(record.source).shutdown = record;
        },
        "agent.offer": (record) => {
          if (record.data.answer === "accepted") return takenIn(instances.of(record.source), record, "accepted");
          if (isClosed(instances.of(record.source).state?.data.to)) figures.declined += 1;
          return;
        },
        "agent.execution": (record) =>
          record.data.to === "spawning" ? takenIn(instances.of(record.source), record, "started") : null,
      },
      end: () => summaryOf(figures, queuedMin),
    };
  },
);

/** A pause that takes effect was in force since its freeze, so whatever was taken in meanwhile never should have been. */
function moved(instance: Instance, record: RecordOf<"agent.state">): Violation | null {
  const { suspect } = instance;
  instance.state = record;
  instance.suspect = null;
  if (record.data.event === "resumeAsked") instance.frozen = null;
  if (suspect === null || record.data.to !== "Paused") return null;
  return violation(suspect.summary, ...suspect.events, record);
}

function takenIn(
  instance: Instance,
  record: RecordOf<"agent.offer"> | RecordOf<"agent.execution">,
  how: "accepted" | "started",
): Violation | null {
  const { state, shutdown, frozen } = instance;
  const { leaseId } = record.data;
  const wrong = (by: HistoryRecord, why: string) => violation(`${leaseId} was ${how} while ${why}`, by, record);
  if (state !== null && (isClosed(state.data.to) || state.data.to === "Withdrawn")) return wrong(state, state.data.to);
  if (shutdown !== null) return wrong(shutdown, "the agent shut down");
  if (frozen !== null) instance.suspect ??= wrong(frozen, "everything was frozen for a pause");
  return null;
}

function summaryOf(
  { closed, queuedMost, declined }: { closed: number; queuedMost: number; declined: number },
  queuedMin: number,
): Judgement {
  if (closed === 0) return undecided("the agent was never Paused or Withdrawing");
  const figures = `closed ${closed} times with up to ${queuedMost} jobs waiting, ${declined} offers declined meanwhile`;
  if (queuedMost < queuedMin)
    return undecided(`${figures}; ${queuedMin} were to wait, so that there is something to refuse`);
  return passed(figures);
}
