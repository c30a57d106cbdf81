import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

interface Instance {
  woke: RecordOf<"agent.woke"> | null;
  state: RecordOf<"agent.state"> | null;
  /** What has happened since it woke last: words of the causes that it makes true. */
  readonly since: Set<string>;
  /** Leases taken, and slots that were said to be free again. */
  taken: number;
  freed: number;
  /** Leases that the broker took back, and how often that was said to be the cause. */
  returned: number;
  toldOfReturns: number;
  /** It began to wake for a hint, and took a lease in the same moment. */
  wokeForWork: RecordOf<"agent.woke"> | null;
}

/** Causes that are true only after something happened, by what has to. */
const causes: Readonly<Record<string, string>> = {
  enrolled: "an enrolment",
  paused: "a pause",
  resumed: "a freeze",
};

/**
 * An agent names the truth about why it signals its broker (EG-6): its timer no sooner than that can be due; an
 * enrolment, a pause, a resume, a returned lease after one; a free slot no more often than slots were taken; and work
 * that is available only with a slot to put it in.
 */
export const wakeTruth = checkerOf(
  "an agent wakes for the reason that it names (WC-1)",
  dutyOf("heartbeatIntervalMs", "heartbeatJitterRatio"),
  ({ heartbeatIntervalMs, heartbeatJitterRatio }) => {
    const leastMs = heartbeatIntervalMs * (1 - heartbeatJitterRatio) - 1;
    const instances = new Instances<Instance>(() => ({
      ...{
        woke: null,
        state: null,
        since: new Set(),
        taken: 0,
        freed: 0,
        returned: 0,
        toldOfReturns: 0,
        wokeForWork: null,
      },
    }));
    let wakes = 0;

    const untrue = (record: RecordOf<"agent.woke">, instance: Instance): Violation | null => {
      const { cause } = record.data;
      const needed = causes[cause];
      if (needed !== undefined && !instance.since.has(needed)) {
        return violation(`an agent woke for «${cause}» without ${needed}`, instance.woke, instance.state, record);
      }
      if (cause === "timer" && instance.woke !== null && record.at - instance.woke.at < leastMs) {
        return violation("a heartbeat's timer came too soon", instance.woke, record);
      }
      if (cause === "a slot is free") {
        instance.freed += 1;
        if (instance.freed > instance.taken)
          return violation("more slots got free than were taken", instance.woke, record);
      }
      if (cause === "a lease was given back") {
        instance.toldOfReturns += 1;
        if (instance.toldOfReturns > instance.returned) {
          return violation("more leases were given back than the broker took", instance.woke, record);
        }
      }
      return null;
    };

    return {
      on: {
        "agent.started": (record) => void instances.started(record),
        "agent.woke": (record) => {
          const instance = instances.of(record.source);
          const wrong = untrue(record, instance);
          wakes += 1;
          // A lease that is taken while a hint waits for an answer may take the last slot.
          const mayBeFull = instance.since.has("an offer") || instance.since.has("intake closed");
          instance.wokeForWork = record.data.cause === "work available" && !mayBeFull ? record : null;
          instance.woke = record;
          for (const word of ["an enrolment", "a pause", "an offer", "intake closed"]) instance.since.delete(word);
          return wrong;
        },
        "agent.state": (record) => {
          const instance = instances.of(record.source);
          instance.state = record;
          if (record.data.event === "enrolled") instance.since.add("an enrolment");
          if (record.data.to === "Paused") instance.since.add("a pause").add("intake closed");
        },
        "agent.frozen": ({ source }) => void instances.of(source).since.add("a freeze").add("intake closed"),
        "agent.offer": ({ source, data: { answer } }) => {
          if (answer !== "accepted") return;
          const instance = instances.of(source);
          instance.taken += 1;
          instance.since.add("an offer");
        },
        "broker.released": ({ data: { agentId, how } }) => {
          const instance = instances.ofAgent(agentId);
          if (instance !== undefined && how !== "completed" && how !== "failed") instance.returned += 1;
        },
        "broker.heartbeat": (record) => {
          const instance = instances.of(record.data.instanceId ?? "");
          const { wokeForWork } = instance;
          instance.wokeForWork = null;
          if (wokeForWork === null || record.data.slotsFree > 0) return null;
          return violation("an agent woke for work without a slot for it", wokeForWork, record);
        },
      },
      end: () => (wakes === 0 ? undecided("nobody woke") : passed(`${wakes} wakes`)),
    };
  },
);
