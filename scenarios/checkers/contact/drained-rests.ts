import { checkerOf, passed, undecided } from "../checker.ts";
import type { RecordOf } from "../checker.ts";
import type { HistoryRecord } from "../../../protocol/history.ts";
import { type Violation, violation } from "../story.ts";

/**
 * A broker that is drained begins nothing until its process ends: it offers no job, takes in no stranger, and starts no
 * agent. What it had offered before may be accepted, and whoever is known may come back. Each process is a source of its
 * own: one that is started anew may have been heard before it says that it is up.
 */
export const drainedRests = checkerOf("a drained broker offers nothing, and takes in nobody new (WC-1)", () => {
  const drains = new Map<string, RecordOf<"broker.drained">>();
  let drained = 0;
  const wrong = (record: HistoryRecord, what: string): Violation | null => {
    const since = drains.get(record.source);
    return since === undefined ? null : violation(`the broker ${what} while it was drained`, since, record);
  };
  return {
    on: {
      "broker.drained": (record) => {
        drained += 1;
        drains.set(record.source, record);
      },
      // Pids come again.
      "broker.started": ({ source }) => void drains.delete(source),
      "broker.stopped": ({ source }) => void drains.delete(source),
      "broker.offered": (record) => wrong(record, `offered ${record.data.jobId}`),
      "broker.job": (record) => (record.data.to === "offered" ? wrong(record, `offered ${record.data.jobId}`) : null),
      "broker.enrolled": (record) =>
        record.data.again ? null : wrong(record, `took in ${record.data.agentId.slice(0, 12)}, which it did not know,`),
      "broker.execution": (record) =>
        record.data.from === null ? wrong(record, `had ${record.data.executionId} started`) : null,
    },
    end: () => (drained === 0 ? undecided("the broker was not drained") : passed(`${drained} drains`)),
  };
});
