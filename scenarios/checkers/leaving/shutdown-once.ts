import type { HistoryRecord } from "../../../protocol/history.ts";
import { checkerOf, passed, type RecordOf, undecided } from "../checker.ts";
import { atLeast } from "../setting.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

interface Instance {
  begin: RecordOf<"agent.shutdown"> | null;
  /** The end of a shutdown, or the report of a withdrawal: the last thing that it has to say. */
  last: RecordOf<"agent.shutdown"> | RecordOf<"agent.withdrawal"> | null;
}

/**
 * I9, EG-2: however many ask and whatever comes at once, an instance shuts down once and reports its withdrawal once,
 * and begins nothing after that (docs/cases.md, cases 43 and 47). What was under way may still be told to its end.
 * Setting: `shutdownsMin` (default 0), how many of the ends are to be shutdowns.
 */
export const shutdownOnce = checkerOf(
  "an instance shuts down or withdraws once, and does nothing after (I9)",
  { shutdownsMin: atLeast(0, "ends that are shutdowns") },
  ({ shutdownsMin }) => {
    const instances = new Instances<Instance>(() => ({ begin: null, last: null }));
    let ends = 0;
    let shutdowns = 0;
    const notAfterTheEnd = (record: HistoryRecord, what: string): Violation | null => {
      const { last } = instances.of(record.source);
      return last === null ? null : violation(`an instance that had ended ${what}`, last, record);
    };
    return {
      on: {
        "agent.started": (record) => {
          instances.started(record);
          return notAfterTheEnd(record, "started again");
        },
        "agent.shutdown": (record) => {
          const instance = instances.of(record.source);
          const { begin, last } = instance;
          if (record.data.stage === "begin") {
            instance.begin = record;
            if (begin !== null) return violation("one instance began to shut down twice", begin, record);
            return last === null ? null : violation("an instance that had ended began to shut down", last, record);
          }
          instance.last = record;
          ends += 1;
          shutdowns += 1;
          if (last !== null) return violation("one instance ended twice", last, record);
          return begin === null ? violation("a shutdown ended that never began", record) : null;
        },
        "agent.withdrawal": (record) => {
          const instance = instances.of(record.source);
          const { last } = instance;
          instance.last = record;
          ends += 1;
          return last?.type === "agent.withdrawal"
            ? violation("one instance reported two withdrawals", last, record)
            : null;
        },
        "agent.offer": (record) => (record.data.answer === "accepted" ? notAfterTheEnd(record, "took an offer") : null),
        "agent.execution": (record) => (record.data.to === "spawning" ? notAfterTheEnd(record, "started a job") : null),
        "agent.frozen": (record) =>
          instances.of(record.source).last?.type === "agent.withdrawal" ? notAfterTheEnd(record, "froze again") : null,
      },
      end() {
        if (ends === 0) return undecided("no instance shut down or withdrew");
        if (shutdowns < shutdownsMin) return undecided(`${shutdowns} shutdowns; ${shutdownsMin} were to be`);
        return passed(`${ends} ends`);
      },
    };
  },
);
