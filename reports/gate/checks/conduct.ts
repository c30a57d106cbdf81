import type { HistoryData, HistoryRecord, HistoryType } from "../../../protocol/history.ts";
import type { RunVerdict } from "../../../protocol/verdict.ts";
import { duration } from "../../text/duration.ts";
import { failed, type Objection, type RunCheck, unknown } from "../run-check.ts";

/** How agent, broker and jobs behaved: as the history says, expectation by expectation, and not as a summary has it. */
export const conductCheck: RunCheck = {
  check: "conduct",
  subject: "every step was taken, every expectation holds",
  judge({ verdict, history }) {
    return [
      ...(verdict.interrupted ? [unknown("the run was interrupted")] : []),
      ...(verdict.error === null || verdict.interrupted ? [] : [failed(verdict.error)]),
      ...retried(verdict),
      ...brokenExpectations(history),
      ...stepsNotTaken(history),
      ...wrongResults(history),
      ...uncleanWithdrawals(history),
    ];
  },
};

/** A pass that took several attempts is flaky, and whoever names the last alone has left out what did not pass. */
function retried({ retryOf = [] }: RunVerdict): Objection[] {
  if (retryOf.length === 0) return [];
  return [failed(`it is attempt ${retryOf.length + 1}, made because ${retryOf.join(", ")} did not pass`)];
}

function brokenExpectations(history: readonly HistoryRecord[]): Objection[] {
  const expectations = dataOf(history, "expectation");
  if (expectations.length === 0) return [unknown("its history holds no expectation that was judged")];
  return expectations.flatMap(({ id, result, detail }) => {
    if (result === "pass") return [];
    return [(result === "fail" ? failed : unknown)(`${id}: ${detail}`)];
  });
}

function stepsNotTaken(history: readonly HistoryRecord[]): Objection[] {
  const all = dataOf(history, "step.end");
  // What fails within a step counts in that step's own end; what was not applicable there ends nothing, and does not.
  const ended = all.filter(({ path }) => path === undefined);
  const planned = dataOf(history, "run.started")[0]?.steps;
  const taken = new Set(ended.map(({ index }) => index)).size;
  return [
    ...ended.flatMap(({ index, outcome, detail }) =>
      outcome === "failed" ? [failed(`step ${index + 1} failed: ${detail}`)] : [],
    ),
    ...all.flatMap(({ index, path = String(index + 1), outcome, detail }) =>
      outcome === "not-applicable" ? [unknown(`step ${path} was not applicable: ${detail}`)] : [],
    ),
    ...(planned !== undefined && taken < planned ? [failed(`only ${taken} of ${planned} steps were taken`)] : []),
  ];
}

function wrongResults(history: readonly HistoryRecord[]): Objection[] {
  return dataOf(history, "witness.result").flatMap(({ jobId, correct, detail }) =>
    correct ? [] : [failed(`the result of ${jobId} is wrong: ${detail}`)],
  );
}

/** A report that calls itself clean is looked into. One that says itself that something is left may have been resumed. */
function uncleanWithdrawals(history: readonly HistoryRecord[]): Objection[] {
  return dataOf(history, "agent.withdrawal").flatMap(({ report }) => {
    const left = [
      ...report.processesLeft.map(({ pid, command }) => `process ${pid} (${command})`),
      ...report.directoriesLeft,
      ...report.autostartLeft,
      ...report.socketsLeft,
      ...(report.ledgerEntriesLeft === 0 ? [] : [`${report.ledgerEntriesLeft} entries of the host ledger`]),
    ];
    if (!report.clean || left.length === 0) return [];
    const took = duration(Math.max(0, report.endedAt - report.startedAt));
    return [failed(`a withdrawal of ${took} calls itself clean and left ${left.join(", ")}`)];
  });
}

function dataOf<T extends HistoryType>(history: readonly HistoryRecord[], type: T): HistoryData<T>[] {
  return history.flatMap((record) => (record.type === type ? [record.data as HistoryData<T>] : []));
}
