import { type Checker, failed, passed, recordsOf, undecided } from "./checker.ts";

/** What the agent's process may take to end after its withdrawal has, in milliseconds. */
const exitMsMax = 1_000;

/** WC-4, WC-16, I7, L1: the withdrawal ends in time and reports that it left nothing, step by step. Setting: `reportsMin`. */
export const withdrawalMeasured: Checker = {
  title: "the withdrawal ends in time and measured that it left nothing (WC-16, L1)",
  judge(history, { reportsMin = 1 }) {
    const reports = recordsOf(history, "agent.withdrawal").map((record) => record.data.report);
    if (reports.length < Number(reportsMin)) return undecided(`${reports.length} of ${reportsMin} reports are there`);
    for (const { data } of recordsOf(history, "witness.withdrawn")) {
      if (data.tookMs > data.deadlineMs + exitMsMax) {
        return failed(`a withdrawal took ${data.tookMs.toFixed(0)} ms of ${data.deadlineMs} (L1)`);
      }
    }
    for (const report of reports) {
      const failedStep = report.steps.find((step) => step.outcome === "failed");
      if (failedStep !== undefined) return failed(`its step ${failedStep.step} failed: ${failedStep.measured}`);
      if (!report.clean) return failed("it says itself that it is not clean");
      if (report.keyRevoked !== "confirmed") return failed(`its key is ${report.keyRevoked}`);
    }
    const slowest = Math.max(...reports.map((report) => report.endedAt - report.startedAt));
    const terminated = reports.reduce((sum, report) => sum + report.processesTerminated, 0);
    return passed(`${reports.length} withdrawals, the slowest ${slowest.toFixed(0)} ms, ${terminated} processes ended`);
  },
};
