import { expect, onTestFinished, test, vi } from "vitest";

import type { HistoryRecord } from "../../protocol/history.ts";
import type { ReporterOutput } from "../reporter.ts";
import { ListBoard } from "./list-board.ts";

function board(live: boolean) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const written: string[] = [];
  const output: ReporterOutput = { write: (text) => void written.push(text), columns: 80, color: false, live };
  return { written, board: new ListBoard(output) };
}

const record = (type: string, data: object): HistoryRecord =>
  ({ at: 0, actor: "harness", source: "r", sequence: 0, type, data }) as never;
const started = (scenario: string) => record("run.started", { run: "r", scenario, seed: "s", options: {}, steps: 3 });

test("on a terminal each run that goes on has a line below those that stay, and none when it is over", () => {
  const { written, board: shown } = board(true);
  shown.begin(0, "one");
  shown.record(0, started("one"));
  shown.record(0, record("step.begin", { index: 1, step: "join", title: "join donor" }));
  shown.begin(1, "two");
  vi.advanceTimersByTime(100);
  expect(written.join("")).toMatch(/· 1 one .*2\/3 join donor[\s\S]*· 2 two /);
  shown.gone(0);
  written.length = 0;
  shown.say([["✓ one"]]);
  expect(written.join("")).toMatch(/✓ one\n[\s\S]*· 2 two/);
  expect(written.join("")).not.toContain("· 1 one");
  shown.gone(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("in a pipe nothing is written but what stays", () => {
  const { written, board: shown } = board(false);
  shown.record(0, started("one"));
  vi.advanceTimersByTime(1_000);
  shown.gone(0);
  shown.say([["✓ one"]]);
  expect(written.join("")).toBe("✓ one\n");
});
