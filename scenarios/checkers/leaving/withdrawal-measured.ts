import { checkerOf, passed, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";
import { exitMsMax } from "./withdrawal-bound.ts";

/** WC-4, WC-16, I7, L1: the withdrawal ends in time and reports that it left nothing, step by step. Setting: `reportsMin`. */
export const withdrawalMeasured = checkerOf(
  "the withdrawal ends in time and measured that it left nothing (WC-16, L1)",
  { reportsMin: atLeast(1, "reports of withdrawals") },
  ({ reportsMin }) => {
    let reports = 0;
    let slowestMs = 0;
    let terminated = 0;
    return {
      on: {
        "witness.withdrawn": (record) => {
          const { tookMs, deadlineMs } = record.data;
          if (tookMs <= deadlineMs + exitMsMax) return;
          return violation(`a withdrawal took ${tookMs.toFixed(0)} ms of ${deadlineMs} (L1)`, record);
        },
        "agent.withdrawal": (record) => {
          const { report } = record.data;
          reports += 1;
          slowestMs = Math.max(slowestMs, report.endedAt - report.startedAt);
          terminated += report.processesTerminated;
          const broken = report.steps.find((step) => step.outcome === "failed");
          if (broken !== undefined) return violation(`its step ${broken.step} failed: ${broken.measured}`, record);
          if (!report.clean) return violation("it says itself that it is not clean", record);
          if (report.keyRevoked !== "confirmed") return violation(`its key is ${report.keyRevoked}`, record);
          return;
        },
      },
      end: () =>
        reports < reportsMin
          ? undecided(`${reports} of ${reportsMin} reports are there`)
          : passed(`${reports} withdrawals, the slowest ${slowestMs.toFixed(0)} ms, ${terminated} processes ended`),
    };
  },
);
