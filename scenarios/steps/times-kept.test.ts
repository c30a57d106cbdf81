import { expect, test } from "vitest";

import { HistoryBuilder } from "../testing/history-builder.ts";
import { checkTimesKept } from "./times-kept.ts";

/** The second grant is told three milliseconds after the first. */
const leasedTwice = () => new HistoryBuilder().lease(1, 1).release(1, 1, "handed-back").lease(1, 2);
const [, first, , , second] = leasedTwice().records.map(({ at }) => at);
const shown = (times: { submittedAt?: number; startedAt?: number; completedAt?: number }) => [
  { jobId: "job-1", submittedAt: 1, startedAt: first!, completedAt: second! + 10, ...times },
];

test("a job's start is told as it was at its first lease", () => {
  const { records } = leasedTwice();
  expect(() => checkTimesKept(records, shown({}))).not.toThrow("job-1");
  expect(() => checkTimesKept(records, shown({ startedAt: second! }))).toThrow("job-1 was leased first at");
  expect(() => checkTimesKept(records, shown({ submittedAt: second! }))).toThrow("job-1 was leased first at");
  expect(() => checkTimesKept(records, shown({ completedAt: first! - 1 }))).toThrow("job-1 was leased first at");
});

test("what a broker forgot it may tell anew", () => {
  const { records } = leasedTwice().loseStore(1);
  expect(() => checkTimesKept(records, shown({ startedAt: second! }))).not.toThrow("job-1");
});
