import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../testing/history-builder.ts";
import { Debt } from "./debt.ts";

describe("Debt", () => {
  const [owed, other, own, otherLater] = new HistoryBuilder()
    .state("Working", "Paused", "paused")
    .wait(5_000)
    .add("agent.woke", { cause: "" }, "two")
    .wait(99)
    .add("agent.woke", { cause: "" })
    .wait(899)
    .add("agent.woke", { cause: "" }, "two").records;

  it("is as old as the clock says by which it began", () => {
    expect(new Debt(owed!).ageMs(own!)).toBe(5_101);
  });

  it("is as old by another clock as what that showed since", () => {
    const debt = new Debt(owed!);
    expect([debt.ageMs(other!), debt.ageMs(otherLater!)]).toEqual([0, 1_000]);
  });
});
