import { expect, test } from "vitest";

import { HistoryBuilder } from "../testing/history-builder.ts";
import { frozenTime } from "./frozen-time.ts";

test("the stretches are summed, and the worst of them stands for what ran", () => {
  const history = new HistoryBuilder()
    .harness("witness.frozen", { processes: 12, running: 0, cpuUsedUs: 0, forMs: 250 })
    .harness("witness.frozen", { processes: 12, running: 2, cpuUsedUs: 1_800, forMs: 150 });
  expect(frozenTime(history.records)).toEqual({ watched: 2, forMs: 400, cpuUsedUs: 1_800, runningMax: 2 });
});

test("never watched is not the same as nothing ran", () => {
  expect(frozenTime([])).toBeNull();
});
