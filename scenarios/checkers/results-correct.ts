import { type Checker, failed, passed, recordsOf, undecided } from "./checker.ts";

/** WC-15: results are what the harness computed for itself. Setting: `resultsMin`. */
export const resultsCorrect: Checker = {
  title: "results are as computed independently (WC-15)",
  judge(history, { resultsMin = 1 }) {
    const results = recordsOf(history, "witness.result");
    const wrong = results.find((record) => !record.data.correct);
    if (wrong !== undefined) return failed(`${wrong.data.jobId}: ${wrong.data.detail}`);
    if (results.length < Number(resultsMin)) return undecided(`${results.length} of ${resultsMin} results were there`);
    return passed(`${results.length} results`);
  },
};
