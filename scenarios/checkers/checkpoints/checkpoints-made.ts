import { cooperationWaitMsMax } from "../../../protocol/cooperative-checkpoint.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { Debt } from "../debt.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { isPeriodic } from "../pause/periodic-freeze.ts";
import { violation } from "../story.ts";

/** What a freeze takes, and how late a timer may be. */
const lateMsMax = 250;

interface Instance {
  /** The jobs that run, by lease, since they were started, or their last checkpoint was saved or given up. */
  readonly running: Map<string, Debt>;
  /** Everything stands still for a pause: nothing changes that a checkpoint could keep. */
  still: boolean;
  leaving: boolean;
  /** Jobs were asked to put their files in order, and the freeze that waits for them is not over. */
  asked: boolean;
}

/**
 * A running job is checkpointed at each interval, so that a host that dies costs it no more than that, or it is told
 * why it was not. On top of the interval come the time for which the freeze before may have lasted, and this one, and as long again
 * where jobs are asked to put their files in order first.
 */
export const checkpointsMade = checkerOf(
  "running jobs are checkpointed at every interval (I8)",
  dutyOf("checkpointIntervalMs"),
  ({ checkpointIntervalMs }) => {
    const bearMs = checkpointIntervalMs + 2 * Math.min(30_000, checkpointIntervalMs / 4) + lateMsMax;
    const cooperationMs = Math.min(cooperationWaitMsMax, checkpointIntervalMs / 4);
    const instances = new Instances<Instance>(() => ({
      running: new Map(),
      still: false,
      leaving: false,
      asked: false,
    }));
    let made = 0;

    const settled = (record: RecordOf<"agent.checkpoint"> | RecordOf<"agent.checkpoint-failed">): void => {
      const { running } = instances.of(record.source);
      if (running.has(record.data.leaseId)) running.set(record.data.leaseId, new Debt(record));
      made += 1;
    };
    return {
      on: {
        "agent.started": (record) => {
          instances.of(record.source);
          instances.started(record);
        },
        "agent.execution": (record) => {
          const { running } = instances.of(record.source);
          if (record.data.to === "running") running.set(record.data.leaseId, new Debt(record));
          else running.delete(record.data.leaseId);
        },
        "agent.checkpoint": settled,
        "agent.checkpoint-failed": settled,
        "agent.frozen": (record) => {
          if (!isPeriodic(record)) instances.of(record.source).still = true;
        },
        "agent.shutdown": ({ source }) => {
          instances.of(source).leaving = true;
        },
        "agent.cooperation": ({ source }) => void (instances.of(source).asked = true),
        "agent.thawed": (record) => {
          instances.of(record.source).asked = false;
          if (isPeriodic(record)) return;
          const instance = instances.of(record.source);
          instance.still = false;
          for (const leaseId of instance.running.keys()) instance.running.set(leaseId, new Debt(record));
        },
        "agent.woke": (record) => {
          const { running, still, leaving, asked } = instances.of(record.source);
          if (still || leaving) return;
          for (const [leaseId, debt] of running) {
            const ageMs = debt.ageMs(record);
            if (ageMs <= bearMs + (asked ? cooperationMs : 0)) continue;
            return violation(`${leaseId} has run for ${ageMs} ms without a checkpoint`, debt.since, record);
          }
          return;
        },
      },
      end: () => (made === 0 ? undecided("no job ran for so long") : passed(`${made} checkpoints`)),
    };
  },
);
