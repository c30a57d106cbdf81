import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { amount } from "../setting.ts";
import { Instances } from "../instances.ts";
import { violation } from "../story.ts";

interface Instance {
  frozen: RecordOf<"agent.frozen"> | null;
  /** A sandbox that was being spawned at the freeze and came up in it; it is stopped on its own. */
  latecomer: RecordOf<"agent.execution"> | null;
  /** It shuts down, and lets nothing go on any more, whatever pause is called off. */
  leaves: boolean;
}

/**
 * L4, WC-11, as a bound that every freeze keeps: by the agent's account all is stopped within `freezeMsMax` (default
 * 10) of the trigger, and a sandbox that comes up during the freeze within as much of coming up. Seen from outside it
 * takes at most `witnessMsMax`, where that is given: on a real host single freezes may be late, and the 99th percentile
 * counts.
 */
export const freezeBound = checkerOf(
  "every freeze takes at most 10 ms (L4)",
  {
    freezeMsMax: amount("by the agent's own account", { otherwise: 10 }),
    witnessMsMax: amount("as seen from outside", { otherwise: Infinity }),
  },
  ({ freezeMsMax, witnessMsMax }) => {
    const instances = new Instances<Instance>(() => ({ frozen: null, latecomer: null, leaves: false }));
    let freezes = 0;
    let slowestMs = 0;
    return {
      on: {
        "agent.started": (record) => {
          instances.started(record);
        },
        "agent.frozen": (record) => {
          const instance = instances.of(record.source);
          const { latecomer } = instance;
          const tookMs = latecomer === null ? record.data.freezeMs : record.at - latecomer.at;
          instance.frozen = record;
          instance.latecomer = null;
          freezes += 1;
          slowestMs = Math.max(slowestMs, tookMs);
          if (tookMs <= freezeMsMax) return;
          return violation(`a freeze took ${tookMs.toFixed(2)} ms, more than ${freezeMsMax}`, latecomer, record);
        },
        "witness.freeze": (record) => {
          const { latencyMs } = record.data;
          if (latencyMs <= witnessMsMax) return;
          return violation(`everything stood still only ${latencyMs.toFixed(2)} ms after it was asked for`, record);
        },
        "agent.thawed": ({ source }) => {
          const instance = instances.of(source);
          if (instance.leaves) return;
          instance.frozen = null;
          instance.latecomer = null;
        },
        "agent.shutdown": ({ source }) => {
          instances.of(source).leaves = true;
        },
        "agent.execution": (record) => {
          if (record.data.to !== "running") return;
          const instance = instances.of(record.source);
          if (instance.frozen !== null) instance.latecomer = record;
        },
      },
      end: () =>
        freezes === 0
          ? undecided("nothing was frozen")
          : passed(`${freezes} freezes, at most ${slowestMs.toFixed(2)} ms`),
    };
  },
);
