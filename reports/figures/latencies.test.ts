import { expect, test } from "vitest";

import { HistoryBuilder } from "../testing/history-builder.ts";
import { runFixtures } from "../testing/run-fixtures.ts";
import { latencies } from "./latencies.ts";

test("what was measured often has its percentiles", () => {
  const history = new HistoryBuilder();
  for (let latencyMs = 1; latencyMs <= 200; latencyMs += 1) {
    history.harness("witness.freeze", { latencyMs, source: "proc", processes: 3, agentFreezeMs: null });
  }
  expect(latencies(history.records)).toEqual([
    { id: "freeze.witness", title: "freeze, seen from outside", count: 200, p50Ms: 100, p99Ms: 198, maxMs: 200 },
  ]);
});

test("a freeze that found nothing to stop does not make the others look faster", () => {
  const history = new HistoryBuilder()
    .agent("agent.frozen", { trigger: "pause", freezeMs: 0.01, sandboxes: 0, processes: 0 })
    .agent("agent.frozen", { trigger: "pause", freezeMs: 4, sandboxes: 1, processes: 2 });
  expect(latencies(history.records)).toMatchObject([{ id: "freeze.agent", count: 1, p50Ms: 4 }]);
});

test("a withdrawal is told as a whole and step by step", () => {
  const series = latencies(runFixtures.passing().history);
  const ids = series.map(({ id }) => id);
  expect(ids).toContain("withdrawal");
  expect(ids).toContain("withdrawal.terminate");
  expect(series.find(({ id }) => id === "withdrawal.hand-back")).toMatchObject({ count: 1, p50Ms: 148, maxMs: 148 });
});

test("what was never measured is not told as 0", () => {
  expect(latencies([])).toEqual([]);
});
