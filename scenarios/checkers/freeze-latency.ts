import { type Checker, failed, passed, recordsOf, undecided } from "./checker.ts";

/**
 * L4, WC-11: every process of every sandbox is seen stopped within `p99MsMax` (default 10) of the trigger, p99, by a
 * witness that reads /proc or the cgroup. Setting: `freezesMin`.
 */
export const freezeLatency: Checker = {
  title: "processes stop within 10 ms of the trigger, p99 (L4)",
  judge(history, { freezesMin = 1, p99MsMax = 10 }) {
    const looks = recordsOf(history, "witness.freeze").filter((record) => record.data.processes > 0);
    if (looks.length < Number(freezesMin)) {
      return undecided(`${looks.length} freezes of running processes were seen, ${freezesMin} are needed`);
    }
    const sorted = looks.map((record) => record.data.latencyMs).sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    const source = looks[0]?.data.source === "cgroup" ? "cgroup.events" : "/proc";
    const figures = `${looks.length} freezes: p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms, max ${at(1).toFixed(2)} ms (from ${source})`;
    return at(0.99) <= Number(p99MsMax) ? passed(figures) : failed(figures);
  },
};
