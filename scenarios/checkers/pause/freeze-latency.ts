import { checkerOf, failed, passed, type RecordOf, undecided } from "../checker.ts";
import { amount, atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * L4, WC-11: every process of every sandbox is seen stopped within `p99MsMax` (default 10) of the trigger, p99, by a
 * witness that reads /proc or the cgroup. Setting: `freezesMin`.
 */
export const freezeLatency = checkerOf(
  "processes stop within 10 ms of the trigger, p99 (L4)",
  {
    freezesMin: atLeast(1, "freezes of running processes"),
    p99MsMax: amount("the 99th percentile", { otherwise: 10 }),
  },
  ({ freezesMin, p99MsMax }) => {
    const latencies: number[] = [];
    let slowest: RecordOf<"witness.freeze"> | null = null;
    return {
      on: {
        "witness.freeze": (record) => {
          if (record.data.processes === 0) return;
          latencies.push(record.data.latencyMs);
          if (slowest === null || record.data.latencyMs > slowest.data.latencyMs) slowest = record;
        },
      },
      end() {
        const count = latencies.length;
        if (count < freezesMin || slowest === null) {
          return undecided(`${count} freezes of running processes were seen, ${freezesMin} are needed`);
        }
        const sorted = latencies.sort((a, b) => a - b);
        const at = (share: number) => sorted[Math.max(0, Math.ceil(share * count) - 1)] ?? 0;
        const source = slowest.data.source === "cgroup" ? "cgroup.events" : "/proc";
        const figures = `${count} freezes: p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms, max ${at(1).toFixed(2)} ms (from ${source})`;
        return at(0.99) <= p99MsMax ? passed(figures) : failed(violation(figures, slowest));
      },
    };
  },
);
