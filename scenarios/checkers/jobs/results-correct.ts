import { checkerOf, passed, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

/** WC-15: results are what the harness computed for itself. Setting: `resultsMin`. */
export const resultsCorrect = checkerOf(
  "results are as computed independently (WC-15)",
  { resultsMin: atLeast(1, "results that were there") },
  ({ resultsMin }) => {
    let results = 0;
    return {
      on: {
        "witness.result": (record) => {
          results += 1;
          return record.data.correct ? null : violation(`${record.data.jobId}: ${record.data.detail}`, record);
        },
      },
      end: () =>
        results < resultsMin
          ? undecided(`${results} of ${resultsMin} results were there`)
          : passed(`${results} results`),
    };
  },
);
