import { executionTransition, isTerminalExecution } from "../../../protocol/execution-states.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { forgottenJobs } from "../forgotten-jobs.ts";
import { violation, type Violation } from "../story.ts";

interface Told {
  /** The last step that was told; null when nothing of it is known any more. */
  last: RecordOf<"broker.execution"> | null;
  began: RecordOf<"witness.execution"> | null;
  gone: RecordOf<"witness.execution"> | null;
}

/**
 * OR-1, OR-4 and I4 for the agents that a broker starts: every step is one of the table and goes on from the last, each
 * time is set once, and what is said of a process is so: it is started once, runs when that is said, has ended well when
 * it is completed and only then, over restarts of the broker too, and is gone with all that it started before its end is
 * told (docs/cases.md, case 66).
 */
export const executions = checkerOf("what the broker says of the agents that it starts is so (I4)", () => {
  const known = new Map<string, Told>();
  let steps = 0;
  const of = (executionId: string): Told => {
    const told = known.get(executionId) ?? { last: null, began: null, gone: null };
    known.set(executionId, told);
    return told;
  };
  /** Of which the log does not know any more where they are. */
  const excused = new Set<string>();
  return {
    on: {
      "broker.execution": (record) => {
        steps += 1;
        const { executionId } = record.data;
        const told = of(executionId);
        const { last } = told;
        told.last = record;
        const isExcused = excused.delete(executionId);
        return wrongStep(record, last, isExcused) ?? untrue(record, told, isExcused);
      },
      "witness.execution": (record) => {
        const told = of(record.data.executionId);
        if (record.data.change === "gone") {
          told.gone = record;
          return;
        }
        const before = told.began;
        told.began = record;
        if (before === null) return;
        return violation(`${record.data.executionId} was started twice`, before, record);
      },
      "fault.applied": (record) => {
        for (const id of forgottenJobs(record)) if (id.startsWith("exec-")) excused.add(id);
      },
    },
    end: () => (steps === 0 ? undecided("no agent was started by the broker") : passed(`${steps} steps`)),
  };
});

function wrongStep(
  record: RecordOf<"broker.execution">,
  last: RecordOf<"broker.execution"> | null,
  isExcused: boolean,
): Violation | null {
  const { executionId, from, to, startedAt, completedAt } = record.data;
  const was = last?.data.to ?? null;
  if (!isExcused && was !== from) {
    return violation(
      `${executionId} was ${was ?? "not there"} and then went from ${from ?? "nothing"} to ${to}`,
      last,
      record,
    );
  }
  if (from === null) return to === "spawning" ? null : violation(`${executionId} began as ${to}`, record);
  const step = executionTransition(from, to);
  if (!step.accepted) return violation(`${executionId}: ${step.reason}`, last, record);
  if (isTerminalExecution(to) !== (completedAt !== null)) {
    return violation(`${executionId} is ${to}, and its end is ${completedAt ?? "not set"}`, last, record);
  }
  if (to === "running" && startedAt === null) return violation(`${executionId} runs since no time`, record);
  const before = last?.data.startedAt ?? null;
  if (isExcused || before === null || before === startedAt) return null;
  return violation(`the time at which ${executionId} started was set again`, last, record);
}

function untrue(record: RecordOf<"broker.execution">, { began, gone }: Told, isExcused: boolean): Violation | null {
  const { executionId, from, to } = record.data;
  if (to === "running" && began === null) return violation(`${executionId} runs, and was never started`, record);
  if (isTerminalExecution(to) && began !== null && gone === null) {
    return violation(`${executionId} is ${to}, and its processes still run`, began, record);
  }
  if (to === "completed" && gone?.data.exitCode !== 0) {
    return violation(`${executionId} is completed, and did not end well`, gone, record);
  }
  if (to === "failed" && from === "running" && gone?.data.exitCode === 0 && !isExcused) {
    return violation(`${executionId} has failed, and ended well`, gone, record);
  }
  return null;
}
