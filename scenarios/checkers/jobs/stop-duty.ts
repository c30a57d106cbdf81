import type { HistoryRecord } from "../../../protocol/history.ts";
import { defaultTiming } from "../../../protocol/timing.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { dutyOf } from "../duty-settings.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

/** How long the kernel takes to end what was sent a KILL; what takes longer by far sleeps in it. Milliseconds. */
const killMsMax = 10;
const unkillableFromMs = 60_000;

interface Instance {
  /** Frozen before any shutdown, for whatever reason: perhaps a pause is under way. */
  mayPause: boolean;
  isPaused: boolean;
  isLeaving: boolean;
  isHurried: boolean;
  /** When the broker last wanted a pause, by the harness's clock. */
  commandAtMs: number;
  isEnding: boolean;
}

interface Stop {
  readonly by: string;
  /** Null for what a job left running when it had ended by itself. */
  readonly killing: RecordOf<"agent.execution"> | null;
  readonly wasPaused: boolean;
  /** It cannot be told whether it has a grace. */
  readonly isOpen: boolean;
}

/**
 * Where nothing breaks, a job that is to end has its grace between TERM and KILL, no less and no more; but what a job
 * leaves behind has none, and nothing is woken for a TERM on a paused host (I5; docs/cases.md, cases 12 and 31).
 */
export const stopDuty = checkerOf(
  "a job that is stopped has its grace, and no more (I5)",
  dutyOf("terminateGraceMs", "latencyMsMax"),
  ({ terminateGraceMs, latencyMsMax }) => {
    const instances = new Instances<Instance>(() => ({
      ...{
        mayPause: false,
        isPaused: false,
        isLeaving: false,
        isHurried: false,
        isEnding: false,
        commandAtMs: -Infinity,
      },
    }));
    const stops = new Map<string, Stop>();
    let harnessNowMs = 0;
    let ends = 0;

    const wrongEnd = (record: RecordOf<"witness.ended">): Violation | null => {
      const { agentId, leaseId, signal, afterMs } = record.data;
      const stop = stops.get(leaseId);
      const instance = instances.ofAgent(agentId);
      stops.delete(leaseId);
      if (stop === undefined || instance === undefined || instance.isLeaving || instance.isHurried || stop.isOpen)
        return null;
      ends += 1;
      // Who sleeps in the kernel hears of it when it wakes.
      if (afterMs >= unkillableFromMs) return null;
      const { killing, wasPaused } = stop;
      const isStray = stop.by !== instanceOf.get(agentId);
      const graceMsOfOwn = killing !== null && !wasPaused ? terminateGraceMs : 0;
      // Whoever ends what an earlier instance left has not enrolled yet, and does not know the fleet's times.
      const graceMs = isStray ? defaultTiming.terminateGraceMs : graceMsOfOwn;
      if (signal === "SIGTERM" && graceMs > 0) return null;
      const found = `${signal} ended it after ${afterMs} ms, and its grace is ${graceMs} ms`;
      if (signal === "SIGTERM" || afterMs < graceMs || afterMs > graceMs + killMsMax)
        return violation(found, killing, record);
      return null;
    };

    /** What a pause stops in its grace is not woken for the rest of it where its agent shuts down: it is killed. */
    const open = (source: string | undefined): void => {
      for (const [leaseId, stop] of stops) {
        if (stop.by === source && stop.killing !== null) stops.set(leaseId, { ...stop, isOpen: true });
      }
    };

    const instanceOf = new Map<string, string>();
    return {
      on: {
        "agent.started": (record: HistoryRecord & { type: "agent.started" }) => {
          instances.started(record);
          instances.of(record.source);
          if (typeof record.data.agentId === "string") instanceOf.set(record.data.agentId, record.source);
        },
        "agent.state": ({ source, data: { to } }) => {
          const instance = instances.of(source);
          instance.isPaused = to === "Paused";
          instance.isLeaving ||= to === "Withdrawing";
        },
        "agent.frozen": ({ source }) => {
          const instance = instances.of(source);
          instance.mayPause ||= !instance.isEnding;
        },
        "agent.thawed": ({ source }) => {
          const instance = instances.of(source);
          // A pause that is on its way from the broker comes after it.
          instance.mayPause = harnessNowMs - instance.commandAtMs <= latencyMsMax;
          // A resume during a shutdown leaves the state as it is, and the pause is over all the same.
          instance.isPaused = false;
        },
        // Asked for during a shutdown it is remembered only, and nothing tells of it.
        "witness.command": ({ at, data: { agentId, command } }) => {
          harnessNowMs = at;
          const instance = instances.ofAgent(agentId);
          if (instance === undefined || command !== "pause") return;
          instance.mayPause = true;
          instance.commandAtMs = at;
          if (instance.isEnding) open(instanceOf.get(agentId ?? ""));
        },
        "witness.asked": ({ at }) => void (harnessNowMs = at),
        "agent.shutdown": ({ source }) => {
          const instance = instances.of(source);
          instance.isEnding = true;
          if (instance.isPaused || instance.mayPause) open(source);
        },
        "witness.signal": ({ data: { agentId } }) => {
          const instance = instances.ofAgent(agentId ?? "");
          if (instance !== undefined) instance.isHurried ||= instance.isEnding;
        },
        "agent.execution": (record) => {
          const { leaseId, to } = record.data;
          const { isPaused, mayPause } = instances.of(record.source);
          const stop = { by: record.source, killing: null, wasPaused: isPaused, isOpen: false };
          if (to === "running") stops.set(leaseId, stop);
          else if (to === "killing") stops.set(leaseId, { ...stop, killing: record, isOpen: mayPause && !isPaused });
        },
        "witness.ended": wrongEnd,
      },
      end: () => (ends === 0 ? undecided("nothing was stopped") : passed(`${ends} ends`)),
    };
  },
);
