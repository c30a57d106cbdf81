import { checkerOf, passed, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

const words = { progress: "progress", return: "a hand-back", complete: "a result" } as const;

/**
 * I2: a result under a lease that is over is refused as fenced, whoever has the key (docs/cases.md, case 1), and so is
 * whatever else is said under it. Setting: `resultsMin` (default 1), how many are to be tried.
 */
export const staleFenced = checkerOf(
  "a result under an old epoch is refused as fenced (I2)",
  { resultsMin: atLeast(1, "results that are tried") },
  ({ resultsMin }) => {
    let fenced = 0;
    return {
      on: {
        "witness.stale-result": (record) => {
          const { leaseId, epoch, action = "complete", code } = record.data;
          if (code !== "fenced") {
            return violation(
              `${words[action]} under ${leaseId} of epoch ${epoch}, which is over, was answered ${code}`,
              record,
            );
          }
          if (action === "complete") fenced += 1;
          return null;
        },
      },
      end() {
        const figures = `${fenced} results under epochs that were over, each refused as fenced`;
        return fenced < resultsMin ? undecided(`${figures}; ${resultsMin} were to be tried`) : passed(figures);
      },
    };
  },
);
