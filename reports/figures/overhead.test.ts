import { expect, test } from "vitest";

import { HistoryBuilder } from "../testing/history-builder.ts";
import { overhead } from "./overhead.ts";

const begin = (index: number) => ({ index, step: "pause", title: "donor pauses" });
const end = (index: number) => ({ index, step: "pause", outcome: "done" as const, detail: "" });

test("what is neither a step nor a look at the host is the runner's own", () => {
  const history = new HistoryBuilder()
    .wait(300)
    .harness("step.begin", begin(0))
    .wait(400)
    .harness("step.end", end(0))
    .wait(10)
    .harness("step.begin", begin(1))
    .wait(100)
    .harness("step.end", end(1));
  const phases = [
    { phase: "baseline", ms: 280 },
    { phase: "lifecycle", ms: 510 },
    { phase: "second look", ms: 120 },
  ];
  expect(overhead(history.records, phases, 940)).toEqual({ stepsMs: 500, looksMs: 400, runnerMs: 40 });
});

test("a moment in which several steps are under way counts once", () => {
  const history = new HistoryBuilder()
    .harness("step.begin", begin(0))
    .wait(50)
    .harness("step.begin", begin(1))
    .wait(50)
    .harness("step.end", end(1))
    .wait(20)
    .harness("step.end", end(0));
  expect(overhead(history.records, [], 120)).toEqual({ stepsMs: 120, looksMs: 0, runnerMs: 0 });
});

test("a step that never ended is not counted, and the rest is never negative", () => {
  const history = new HistoryBuilder().harness("step.begin", begin(0)).wait(50);
  expect(overhead(history.records, [{ phase: "baseline", ms: 80 }], 60)).toEqual({
    stepsMs: 0,
    looksMs: 80,
    runnerMs: 0,
  });
});
