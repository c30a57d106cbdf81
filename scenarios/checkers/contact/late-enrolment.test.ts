import { expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { LateEnrolments } from "./late-enrolment.ts";

const enrols = (history: HistoryBuilder, instanceId: string) =>
  history.add("broker.enrolled", { agentId, instanceId, again: true });
const isLate = ({ records }: HistoryBuilder): boolean[] => {
  const late = new LateEnrolments();
  return records.map((record) => late.see(record));
};
const two = () => enrols(new HistoryBuilder().start(), "one").start("two");

it("is told of an instance that has gone, once its successor was taken in", () => {
  expect(isLate(enrols(enrols(two(), "two"), "one"))).toEqual([false, false, false, false, true]);
});

it("is not told of one that came before its successor, or of the successor itself", () => {
  expect(isLate(enrols(enrols(two(), "one"), "two"))).not.toContain(true);
  expect(isLate(enrols(enrols(two(), "two"), "two"))).not.toContain(true);
});
