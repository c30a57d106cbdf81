import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "withdrawn-from";
const from = { from: "Enrolling" };
const begun = () => new HistoryBuilder().start().state("Enrolling", "Withdrawing", "withdrawAsked");

describe("withdrawn-from", () => {
  it("passes a withdrawal from that state that comes to its end", () => {
    const history = begun().state("Withdrawing", "Withdrawn", "withdrawn");
    expect(judge(history, name, from)).toMatchObject({ result: "pass", detail: "1 withdrawals from Enrolling" });
  });

  it("says nothing of withdrawals from other states, or of too few", () => {
    const idle = new HistoryBuilder().start().state("Idle", "Withdrawing", "withdrawAsked");
    expect(judge(idle.state("Withdrawing", "Withdrawn", "withdrawn"), name, from).result).toBe("unknown");
    const one = begun().state("Withdrawing", "Withdrawn", "withdrawn");
    expect(judge(one, name, { ...from, timesMin: 2 }).result).toBe("unknown");
  });

  it("fails when it is refused, or does not come to its end", () => {
    const refused = new HistoryBuilder()
      .start()
      .add("agent.refused", { state: "Enrolling", event: "withdrawAsked", reason: "not yet" });
    expect(judge(refused, name, from).detail).toContain("a withdrawal was refused");
    expect(judge(begun(), name, from).detail).toContain("did not come to its end");
  });
});
