import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "starts-counted", { redeliveriesMax: 1 });

const fails = (history: HistoryBuilder) => history.execution(1, "spawning", "failed");
const again = (history: HistoryBuilder) => history.release(1, 1, "handed-back").job(1, "leased", "queued");
const given = (history: HistoryBuilder) => history.release(1, 1, "handed-back").job(1, "leased", "failed");
const leaves = (history: HistoryBuilder) => history.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });

describe("starts-counted", () => {
  it("passes when a job fails with the last start that it has", () => {
    const history = given(fails(again(fails(new HistoryBuilder()))));
    expect(verdict(history)).toMatchObject({ result: "pass", detail: "1 jobs started nowhere" });
  });

  it("fails when it is given up before, or tried again after", () => {
    expect(verdict(given(fails(new HistoryBuilder()))).detail).toContain("failed after 1 starts");
    expect(verdict(again(fails(again(fails(new HistoryBuilder()))))).detail).toContain("is tried again");
  });

  it("lets a start be told or not by whoever leaves", () => {
    const untold = leaves(fails(new HistoryBuilder()));
    expect(verdict(given(fails(again(fails(again(untold)))))).result).toBe("pass");
    expect(verdict(given(fails(again(leaves(fails(new HistoryBuilder())))))).result).toBe("pass");
  });

  it("counts a lease that ran out because its holder had gone", () => {
    const lost = (how: "expired" | "agent-lost" | "declined") =>
      new HistoryBuilder().release(1, 1, how).job(1, "leased", "queued");
    expect(verdict(given(fails(lost("expired")))).result).toBe("pass");
    expect(verdict(given(fails(lost("agent-lost")))).result).toBe("pass");
    expect(verdict(given(fails(lost("declined")))).result).toBe("fail");
    expect(verdict(again(fails(lost("expired")))).detail).toContain("is tried again");
  });

  it("has nothing to say of a job that fails by itself, or by nobody's doing", () => {
    expect(verdict(new HistoryBuilder().execution(1, "running", "failed").job(1, "leased", "failed")).result).toBe(
      "unknown",
    );
    expect(verdict(new HistoryBuilder().job(1, "leased", "failed")).result).toBe("fail");
  });
});
