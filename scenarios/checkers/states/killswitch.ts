import { isTerminalExecution } from "../../../protocol/execution-states.ts";
import { checkerOf, failed, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/**
 * OR-6: the killswitch names every agent that the broker had started and that had not ended, each of them is killed, and
 * none is told to be before its processes are gone (docs/cases.md, case 66). Setting: `agentsMin` (default 1).
 */
export const killswitch = checkerOf(
  "the killswitch ends every agent that the broker started (OR-6)",
  { agentsMin: atLeast(1, "agents that it ends") },
  ({ agentsMin }) => {
    const last = new Map<string, RecordOf<"broker.execution">>();
    const began = new Map<string, RecordOf<"witness.execution">>();
    const gone = new Set<string>();
    const named = new Map<string, RecordOf<"witness.kill">>();
    return {
      on: {
        "broker.execution": (record) => {
          last.set(record.data.executionId, record);
        },
        "witness.execution": (record) => {
          const { executionId, change } = record.data;
          if (change === "began") began.set(executionId, record);
          else gone.add(executionId);
        },
        "witness.kill": (record) => {
          for (const executionId of record.data.executionIds) named.set(executionId, record);
          for (const [executionId, told] of last) {
            if (isTerminalExecution(told.data.to) || named.has(executionId)) continue;
            return violation(`${executionId} is ${told.data.to}, and the killswitch left it out`, told, record);
          }
          return;
        },
      },
      end() {
        for (const [executionId, kill] of named) {
          const told = last.get(executionId);
          const state = told?.data.to ?? "unknown";
          if (state !== "killed")
            return failed(violation(`${executionId} was to be killed and is ${state}`, kill, told));
          if (gone.has(executionId) || !began.has(executionId)) continue;
          const summary = `${executionId} is told to be killed, and nobody saw it go`;
          return failed(violation(summary, began.get(executionId), told));
        }
        if (named.size < agentsMin) return undecided(`${named.size} agents were ended; ${agentsMin} were to be`);
        return passed(`${named.size} agents killed, ${gone.size} seen to be gone`);
      },
    };
  },
);
