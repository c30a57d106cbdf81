import { describe, expect, test } from "vitest";

import type { Clock } from "../foundation/clock.ts";
import { type HistoryRecord, parseHistoryLine } from "./history.ts";
import { historyRecorder } from "./history-recorder.ts";

function recorded(source = "run-1"): { lines: string[]; seen: HistoryRecord[]; clock: Clock } & {
  record: ReturnType<typeof historyRecorder>;
} {
  let time = 1_000;
  const clock = { nowMs: () => (time += 0.5), monotonicMs: () => time };
  const lines: string[] = [];
  const seen: HistoryRecord[] = [];
  const record = historyRecorder({
    actor: "harness",
    source,
    clock,
    write: (line) => lines.push(line),
    observe: (each) => seen.push(each),
  });
  return { lines, seen, clock, record };
}

describe("the history recorder", () => {
  test("stamps and numbers each event, without a gap", () => {
    const { seen, record } = recorded();
    record("run.phase", { phase: "set-up", edge: "begin" });
    record("run.phase", { phase: "set-up", edge: "end" });
    record("run.ended", { exitCode: 0 });
    expect(seen.map(({ at, actor, source, sequence, type }) => [at, actor, source, sequence, type])).toEqual([
      [1_000.5, "harness", "run-1", 0, "run.phase"],
      [1_001, "harness", "run-1", 1, "run.phase"],
      [1_001.5, "harness", "run-1", 2, "run.ended"],
    ]);
  });

  test("hands each line over whole, in one write, so that processes can share a file", () => {
    const { lines, seen, record } = recorded();
    record("watch.file", { change: "add", path: "/tmp/a name\nwith a line break" });
    record("run.ended", { exitCode: 0 });
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(lines.map((line) => parseHistoryLine(line))).toEqual(seen.map((record) => ({ record })));
  });

  test("what was observed is what was written", () => {
    const { lines, seen, record } = recorded();
    record("run.ended", { exitCode: 3 });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(seen);
  });

  test("two sources count apart", () => {
    const [one, two] = [recorded("one"), recorded("two")];
    one.record("run.ended", { exitCode: 0 });
    one.record("run.ended", { exitCode: 0 });
    two.record("run.ended", { exitCode: 0 });
    expect([...one.seen, ...two.seen].map(({ source, sequence }) => [source, sequence])).toEqual([
      ["one", 0],
      ["one", 1],
      ["two", 0],
    ]);
  });

  test("a writer that fails makes a visible gap: the next number is not used again", () => {
    const lines: string[] = [];
    let diskFull = false;
    const write = (line: string) => {
      if (diskFull) throw new Error("ENOSPC");
      lines.push(line);
    };
    const record = historyRecorder({ actor: "agent", source: "a", clock: recorded().clock, write });
    record("run.ended", { exitCode: 0 });
    diskFull = true;
    expect(() => record("run.ended", { exitCode: 0 })).toThrow("ENOSPC");
    diskFull = false;
    record("run.ended", { exitCode: 0 });
    expect(lines.map((line) => JSON.parse(line) as { sequence: number }).map(({ sequence }) => sequence)).toEqual([
      0, 2,
    ]);
  });
});
