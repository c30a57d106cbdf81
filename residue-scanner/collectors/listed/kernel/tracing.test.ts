import { describe, expect, it } from "vitest";

import { recordedFiles } from "../../../testing/recorded-files.ts";
import { readProcessStat } from "../../proc.ts";
import { readTracing } from "./tracing.ts";
import { readTracingFilters } from "./tracing-filters.ts";

describe("what is traced", () => {
  it.skipIf(process.platform !== "linux")(
    "is kept by a recorder while that runs, and by nobody afterwards (needs /proc)",
    () => {
      const startTime = readProcessStat(process.pid)?.startTime;
      const running = `houseguest-${process.pid}-${startTime}-0`;
      const ended = `houseguest-${process.pid}-7-0`;
      const root = recordedFiles({
        current_tracer: "nop\n",
        [`instances/${running}/tracing_on`]: "1\n",
        [`instances/${ended}/tracing_on`]: "1\n",
        "instances/left/tracing_on": "0\n",
        dynamic_events: "p:left/x /bin/true:0x1\n",
        uprobe_events: "p:left/x /bin/true:0x1\n",
      });
      const { facts, unseen } = readTracing(root);
      expect(new Map(facts.map(({ subject, holders }) => [subject, holders]))).toEqual(
        new Map<string, readonly number[] | undefined>([
          ["the tracer", undefined],
          [`instance ${ended} of the tracer`, undefined],
          [`instance ${running} of the tracer`, [process.pid]],
          ["instance left of the tracer", undefined],
          ["event of the tracer that somebody made: p:left/x /bin/true:0x1", undefined],
        ]),
      );
      expect(facts.find(({ key }) => key.endsWith("/left"))?.attributes).toMatchObject({ tracing_on: "0" });
      expect(unseen).toEqual([]);
    },
  );

  it("is seen whole where nobody may set functions, and not where another setting cannot be read", () => {
    // A directory cannot be read as a file, by root neither.
    expect(readTracing(recordedFiles({ "set_ftrace_filter/x": "", tracing_on: "1\n" })).unseen).toEqual([]);
    expect(readTracing(recordedFiles({ "set_event/x": "", tracing_on: "1\n" })).unseen).toHaveLength(1);
  });
});

describe("what is set of single events of the tracer", () => {
  it("is a filter of any of them, and a trigger of one that is on", () => {
    const root = recordedFiles({
      set_event: "sched:b\n",
      "events/sched/filter": "none\n",
      "events/sched/a/filter": "pid == 7\n",
      "events/sched/a/trigger": "# Available triggers:\n# traceon\n",
      "events/sched/b/filter": "none\n",
      "events/sched/b/trigger": "traceoff:count=1\n",
      "events/sched/c/filter": "none\n",
    });
    expect(readTracingFilters(root).map(({ location, attributes }) => [location, attributes["text"]])).toEqual([
      ["/sys/kernel/tracing/events/sched/a/filter", "pid == 7"],
      ["/sys/kernel/tracing/events/sched/b/trigger", "traceoff:count=1"],
    ]);
  });
});
