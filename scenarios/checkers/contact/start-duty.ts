import { defaultTiming } from "../../../protocol/timing.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

/** What else a start takes: a look for strays, a commit; milliseconds. */
const spareMs = 200;
/** A process that does not die is waited for so long before an agent goes on without its slot. */
const unkillableMs = 60_000;

interface Instance {
  readonly started: RecordOf<"agent.started"> | null;
  /** Something of an earlier instance ran when it came up. */
  readonly hasStrays: boolean;
  readonly enrolments: RecordOf<"broker.enrolled">[];
  state: RecordOf<"agent.state"> | null;
  /** The pause that an earlier one left, until it is taken up or called off. */
  owes: RecordOf<"agent.state"> | null;
  pausedBy: RecordOf<"agent.state"> | null;
  isEnding: boolean;
}

/**
 * Where nothing breaks, an agent that is started enrols with one call and at once, and is what it was: paused if it was
 * (I6; docs/cases.md, cases 34 and 49).
 */
export const startDuty = checkerOf(
  "a start enrols once and at once, and keeps a pause (I6)",
  dutyOf("latencyMsMax"),
  ({ latencyMsMax }) => {
    // Whoever has not enrolled yet does not know the fleet's times.
    const { terminateGraceMs } = defaultTiming;
    let begun: Pick<Instance, "started" | "hasStrays"> = { started: null, hasStrays: false };
    const instances = new Instances<Instance>(() => ({
      ...begun,
      ...{ enrolments: [], state: null, owes: null, pausedBy: null, isEnding: false },
    }));
    /** By agent: what of its leases runs on its host. */
    const running = new Map<string, Set<string>>();
    let starts = 0;

    const enrolled = (record: RecordOf<"agent.state">, instance: Instance): Violation | null => {
      const { started, hasStrays } = instance;
      if (started === null || record.data.event !== "enrolled") return null;
      starts += 1;
      const mostMs = 2 * latencyMsMax + spareMs + (hasStrays ? terminateGraceMs + unkillableMs : 0);
      const tookMs = record.at - started.at;
      if (tookMs <= mostMs) return null;
      return violation(`an agent took ${tookMs} ms to enrol, and ought to have in ${mostMs}`, started, record);
    };

    return {
      on: {
        "agent.started": (record) => {
          const { agentId } = record.data;
          begun = { started: record, hasStrays: (running.get(agentId ?? "")?.size ?? 0) > 0 };
          const before = instances.started(record);
          const instance = instances.of(record.source);
          instance.owes = before?.owes ?? before?.pausedBy ?? null;
        },
        "broker.enrolled": (record) => {
          const instance = instances.of(record.data.instanceId);
          instance.enrolments.push(record);
          if (instance.enrolments.length < 2) return null;
          return violation("an agent enrolled twice, and the broker had not forgotten it", ...instance.enrolments);
        },
        "agent.state": (record) => {
          const instance = instances.of(record.source);
          const { from, to } = record.data;
          instance.state = record;
          if (to === "Paused") instance.pausedBy = record;
          else if (from === "Paused") instance.pausedBy = null;
          if (to === "Paused" || to === "Withdrawing") instance.owes = null;
          return from === "Enrolling" ? enrolled(record, instance) : null;
        },
        // Called off while it was remembered only.
        "agent.thawed": ({ source }) => {
          const instance = instances.of(source);
          instance.owes = null;
          instance.pausedBy = null;
        },
        "agent.shutdown": ({ source }) => void (instances.of(source).isEnding = true),
        "agent.woke": (record) => {
          const { owes, isEnding } = instances.of(record.source);
          return owes === null || isEnding
            ? null
            : violation("an agent that was paused came back at work", owes, record);
        },
        "witness.resource": ({ data: { agentId, change, resource } }) => {
          if (!resource.startsWith("processes:")) return;
          const there = running.get(agentId) ?? new Set();
          running.set(agentId, there);
          if (change === "made") there.add(resource);
          else there.delete(resource);
        },
      },
      end: () => (starts === 0 ? undecided("nobody enrolled") : passed(`${starts} starts`)),
    };
  },
);
