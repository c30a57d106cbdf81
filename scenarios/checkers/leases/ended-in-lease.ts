import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * I1: whoever cannot renew a lease has ended what ran under it before the broker counts that as over, processes included
 * (docs/cases.md, case 3). The broker counts from the last word that it heard, so nobody's clock has to be believed: the
 * end stands before the lease's in the log, or it does not. How much time it had left is told and not judged: what it may
 * take is the holder's margin (protocol/lease-margin.ts), a fifth of a short lease. For runs in which the holders of such leases are alive and
 * awake all the while. Setting: `leasesMin` (default 1), how many jobs are to be ended so and not by themselves.
 */
export const endedInLease = checkerOf(
  "who cannot renew a lease has ended its job before it is over (I1)",
  { leasesMin: atLeast(1, "jobs that were ended so, and not by themselves") },
  ({ leasesMin }) => {
    const executions = new Map<string, RecordOf<"agent.execution">>();
    const over = new Map<string, RecordOf<"broker.released">>();
    let ended = 0;
    let reserveMs = Infinity;
    return {
      on: {
        "agent.execution": (record) => {
          const { leaseId, to } = record.data;
          executions.set(leaseId, record);
          const end = over.get(leaseId);
          if (end === undefined || isTerminalExecution(to)) return;
          return violation(`${leaseId} came to be ${to} when it was over`, end, record);
        },
        "broker.released": (record) => {
          const { leaseId, how } = record.data;
          if (how !== "expired" && how !== "agent-lost") return;
          over.set(leaseId, record);
          const last = executions.get(leaseId);
          if (last?.data.to === "killed") {
            ended += 1;
            reserveMs = Math.min(reserveMs, record.at - last.at);
          }
          if (last === undefined || isTerminalExecution(last.data.to)) return;
          return violation(`${leaseId} is over, and its job is ${last.data.to} still`, last, record);
        },
      },
      end() {
        const figures = `${over.size} leases were over, and ${ended} jobs had been ended before`;
        if (ended < leasesMin) return undecided(`${figures}; ${leasesMin} were to be`);
        return passed(`${figures}, by their clocks with ${reserveMs.toFixed(0)} ms to spare at the least`);
      },
    };
  },
);
