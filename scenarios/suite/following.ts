import type { HistoryRecord, HistoryType } from "../../protocol/history.ts";
import type { Reporter } from "../../reports/reporter.ts";

/** What is told of a run in another process or thread while it goes on: where it is, and no more. */
const told: ReadonlySet<HistoryType> = new Set(["run.started", "run.phase", "step.begin", "step.end"]);

/** Where such a run runs: passes on where it is. */
export function passingOn(tell: (record: HistoryRecord) => void): Reporter {
  return {
    record(record) {
      // What a step holds is part of it.
      if (told.has(record.type) && !("path" in record.data)) tell(record);
    },
    end: () => undefined,
    close: () => undefined,
  };
}

/** Where such a run is asked for: who wants to hear of it meanwhile; undefined for nobody, so that nothing is sent. */
export function followerOf(reporters: readonly Reporter[]): ((record: HistoryRecord) => void) | undefined {
  const followers = reporters.filter(({ follow }) => follow !== undefined);
  if (followers.length === 0) return undefined;
  return (record) => {
    for (const reporter of followers) reporter.follow?.(record);
  };
}
