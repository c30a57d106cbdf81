import { type Checker, failed, passed, recordsOf, undecided } from "./checker.ts";

/**
 * How much CPU time a frozen process may seem to use, in microseconds: nothing but the kernel's own accounting of the
 * moment in which the freeze took hold.
 */
const accountingUs = 1_000;

/** I5: between the freeze of a pause and the resume no process of any sandbox runs, as seen from outside. */
export const pauseSilence: Checker = {
  title: "nothing of a sandbox runs between freeze and resume (I5)",
  judge(history) {
    const looks = recordsOf(history, "witness.frozen");
    const populated = looks.filter((record) => record.data.processes > 0);
    if (populated.length === 0) return undecided("no frozen process was ever watched");
    for (const { data } of populated) {
      if (data.running > 0 || data.cpuUsedUs > accountingUs * data.processes) {
        return failed(
          `of ${data.processes} frozen processes ${data.running} ran, using ${data.cpuUsedUs.toFixed(0)} µs in ${data.forMs.toFixed(0)} ms`,
        );
      }
    }
    const watchedMs = populated.reduce((sum, record) => sum + record.data.forMs, 0);
    const usedUs = populated.reduce((sum, record) => sum + record.data.cpuUsedUs, 0);
    return passed(
      `watched ${populated.length} times for ${watchedMs.toFixed(0)} ms in all, ${usedUs.toFixed(0)} µs of CPU used`,
    );
  },
};
