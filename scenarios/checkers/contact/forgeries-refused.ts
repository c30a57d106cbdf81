import { checkerOf, failed, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * I10, FE-2: a command that its hub did not send, or not now, changes nothing at the spoke: no agent is started and none
 * ended but by a genuine one. Setting: `kindsMin` (default 1), how many ways of forging are to be
 * tried.
 */
export const forgeriesRefused = checkerOf(
  "what no hub has sent changes nothing (I10)",
  { kindsMin: atLeast(1, "ways of forging that are tried") },
  ({ kindsMin }) => {
    const kinds = new Set<string>();
    const started: RecordOf<"broker.execution">[] = [];
    const ending = new Map<string, RecordOf<"broker.execution">>();
    const mayStart = new Set<string>();
    const mayEnd = new Set<string>();
    let refused = 0;
    return {
      on: {
        "witness.delivery": (record) => {
          const { truth, code, action } = record.data;
          if (truth === "genuine" || truth === "again") return;
          if (code === "ok") return violation(`a ${action} that was ${truth} was taken`, record);
          refused += 1;
          kinds.add(truth);
          return;
        },
        "broker.command": (record) => {
          const { action, executionIds } = record.data;
          const may = action === "spawn" ? mayStart : mayEnd;
          if (action !== "status") for (const executionId of executionIds) may.add(executionId);
        },
        "witness.kill": (record) => {
          for (const executionId of record.data.executionIds) mayEnd.add(executionId);
        },
        "broker.execution": (record) => {
          if (record.data.from === null) started.push(record);
          if (record.data.to === "killing") ending.set(record.data.executionId, record);
        },
      },
      end() {
        for (const record of started) {
          const { executionId } = record.data;
          if (!mayStart.has(executionId)) return failed(violation(`${executionId} was started by no command`, record));
        }
        for (const [executionId, record] of ending) {
          if (!mayEnd.has(executionId)) return failed(violation(`${executionId} was ended by no command`, record));
        }
        const figures = `${refused} forgeries of ${kinds.size} kinds refused, ${started.length} agents started`;
        if (kinds.size < kindsMin) return undecided(`${figures}; ${kindsMin} kinds were to be tried`);
        return passed(figures);
      },
    };
  },
);
