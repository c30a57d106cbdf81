import { expect, test } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const took = (durationMs: number) => {
  const steps = [{ step: "terminate" as const, outcome: "done" as const, durationMs, measured: "" }];
  const settings = { graceMs: 500, mostMs: 3_000 };
  return judge(new HistoryBuilder().withdrawal({ steps }), "grace-given", settings).result;
};

test("grace-given fails for jobs that were killed at once, and for those that were waited for too long", () => {
  expect([took(500), took(2_900)]).toEqual(["pass", "pass"]);
  expect([took(40), took(3_100)]).toEqual(["fail", "fail"]);
});
