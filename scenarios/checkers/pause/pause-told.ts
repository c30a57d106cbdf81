import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Debt } from "../debt.ts";
import { dutyOf, roundTripMs, uploadMs } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

interface Instance {
  paused: Debt<RecordOf<"agent.state">> | null;
  /** So many acknowledgements came in this pause; */
  told: number;
  /** so many may be those of pauses that are over, which were on their way. */
  stale: number;
  /** The latest word of the freeze in force. */
  frozen: RecordOf<"agent.frozen"> | null;
  /** The one after which it was Paused. */
  pausedBy: RecordOf<"agent.frozen"> | null;
  /** The leases whose checkpoint was saved in it and that have not ended since, and how many bytes it has. */
  readonly saved: Map<string, number>;
  /** Since the last of those ended, which the agent may have to hear of while it is still sending what was saved. */
  dropped: Debt | null;
}

const title = "a pause is acknowledged to the broker in time, with its checkpoints (WC-2)";

/**
 * A pause in force is acknowledged to the broker, once, as soon as its checkpoints are there: with the time that its
 * freeze took and a checkpoint of each sandbox that has one.
 */
export const pauseTold = checkerOf(
  title,
  dutyOf("latencyMsMax", "uploadChunkBytes", "checkpointBytesMax"),
  (settings) => {
    const instances = new Instances<Instance>(() => ({
      ...{ paused: null, told: 0, stale: 0, frozen: null, pausedBy: null },
      saved: new Map<string, number>(),
      dropped: null,
    }));
    let told = 0;

    const look = (instance: Instance | undefined, now: RecordOf<"agent.woke"> | RecordOf<"broker.heartbeat">) => {
      if (instance === undefined || instance.paused === null || instance.told > 0) return null;
      const ageMs = instance.paused.ageMs(now);
      // The uploads, then the acknowledgement.
      const bearMs = uploadMs(settings, Math.max(0, ...instance.saved.values())) + roundTripMs(settings);
      // Asked of both each time, because each needs a first record of every clock.
      const droppedMs = instance.dropped?.ageMs(now) ?? Number.POSITIVE_INFINITY;
      if (ageMs <= bearMs || droppedMs <= 2 * roundTripMs(settings)) return null;
      const summary = `an agent is Paused since ${ageMs.toFixed(0)} ms, and the broker has no word of it`;
      return violation(summary, instance.paused.since, now);
    };

    const drop = (instance: Instance | undefined, leaseId: string, record: HistoryRecord): void => {
      if (instance?.saved.delete(leaseId) === true) instance.dropped = new Debt(record);
    };

    return {
      on: {
        "agent.started": (record) => {
          instances.of(record.source);
          instances.started(record);
        },
        "broker.enrolled": (record) => {
          instances.enrolled(record);
        },
        "agent.frozen": (record) => {
          instances.of(record.source).frozen = record;
        },
        "agent.thawed": ({ source }) => {
          const instance = instances.of(source);
          instance.frozen = null;
          instance.saved.clear();
        },
        "agent.checkpoint": ({ source, data: { leaseId, checkpoint } }) => {
          // Of one that the broker does not take nothing can be told.
          const { archiveBytes } = checkpoint;
          if (archiveBytes <= settings.checkpointBytesMax) instances.of(source).saved.set(leaseId, archiveBytes);
        },
        "agent.execution": (record) => {
          const { leaseId, to } = record.data;
          if (to !== "spawning" && to !== "running") drop(instances.of(record.source), leaseId, record);
        },
        "broker.released": (record) => drop(instances.ofAgent(record.data.agentId), record.data.leaseId, record),
        "agent.state": (record) => {
          const instance = instances.of(record.source);
          if (instance.paused !== null) instance.stale += 1 - instance.told;
          instance.paused = record.data.to === "Paused" ? new Debt(record) : null;
          instance.pausedBy = instance.frozen;
          instance.dropped = null;
          instance.told = 0;
        },
        // The broker hears of the end instead.
        "agent.shutdown": ({ source }) => {
          instances.of(source).paused = null;
        },
        "agent.woke": (record) => look(instances.of(record.source), record),
        "broker.heartbeat": (record) => look(instances.ofAgent(record.data.agentId), record),
        "broker.pause-acknowledged": (record) => {
          const instance = instances.ofAgent(record.data.agentId);
          if (instance === undefined || instance.paused === null) return;
          instance.told += 1;
          if (instance.told > instance.stale + 1) {
            return violation("a pause was acknowledged more than once", instance.paused.since, record);
          }
          if (instance.stale > 0) return;
          told += 1;
          return wrongFigures(instance, record);
        },
      },
      end: () => (told === 0 ? undecided("no pause was acknowledged") : passed(`${told} pauses were acknowledged`)),
    };
  },
);

function wrongFigures(
  { paused, pausedBy: frozen, saved }: Instance,
  record: RecordOf<"broker.pause-acknowledged">,
): Violation | null {
  const { freezeMs, checkpoints } = record.data;
  if (frozen === null) return null;
  const wrong = (summary: string): Violation => violation(summary, frozen, paused?.since, record);
  if (freezeMs !== frozen.data.freezeMs) return wrong(`a freeze of ${frozen.data.freezeMs} ms was told as ${freezeMs}`);
  if (checkpoints < saved.size) return wrong(`of ${saved.size} checkpoints the broker was told ${checkpoints}`);
  const { sandboxes } = frozen.data;
  return checkpoints > sandboxes ? wrong(`${checkpoints} checkpoints were told of ${sandboxes} sandboxes`) : null;
}
