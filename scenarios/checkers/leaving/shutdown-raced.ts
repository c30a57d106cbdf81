import { checkerOf, failed, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { violation } from "../story.ts";

type Asker = RecordOf<"witness.signal"> | RecordOf<"witness.command">;
type Shutdown = RecordOf<"agent.shutdown">;

/**
 * EG-2, I9: signals and the broker's goodbye that come at once have an agent shut down once, and its broker hears of one
 * end (docs/cases.md, case 43). Setting: `askersMin` (default 2), how many are to ask before the first has its end.
 */
export const shutdownRaced = checkerOf(
  "several who ask at once have one shutdown (I9)",
  { askersMin: atLeast(2, "who ask before the first has its end") },
  ({ askersMin }) => {
    const askers: Asker[] = [];
    const begun: Shutdown[] = [];
    let ends = 0;
    let atOnce = 0;
    let told = 0;
    return {
      on: {
        "witness.signal": (record) => void askers.push(record),
        "witness.command": (record) => {
          if (record.data.command === "goodbye") askers.push(record);
        },
        "agent.shutdown": (record) => {
          if (record.data.stage === "begin") {
            begun.push(record);
            return begun.length === 1 ? null : violation("a second shutdown began", begun[0], ...askers, record);
          }
          ends += 1;
          // Who asks after the end asked for nothing.
          if (ends === 1) atOnce = askers.length;
          return null;
        },
        "broker.agent": (record) => {
          if (record.data.standing !== "shutdown") return null;
          told += 1;
          return told === 1 ? null : violation("the broker was told twice that the agent shuts down", begun[0], record);
        },
      },
      end() {
        const [first] = begun;
        if (first === undefined) return undecided("nobody shut down");
        if (ends !== 1) return failed(violation(`the shutdown came to ${ends} ends`, first));
        const figures = `${atOnce} asked at once (${first.data.trigger} first), 1 shutdown, the broker told ${told} time`;
        return atOnce < askersMin ? undecided(`${figures}; ${askersMin} were to ask`) : passed(figures);
      },
    };
  },
);
