import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

describe.each(["withdrawal-bound", "withdrawal-measured"] as const)("%s", (name) => {
  const took = (tookMs: number) =>
    judge(new HistoryBuilder().withdrawal().add("witness.withdrawn", { tookMs, deadlineMs: 10_000 }), name);

  it("fails on a withdrawal that took longer than its deadline and the end of a process", () => {
    expect(took(19_000).detail).toContain("19000 ms of 10000");
    expect(took(11_001).result).toBe("fail");
    expect(took(11_000).result).toBe("pass");
  });
});

describe("withdrawal-bound without a witness", () => {
  it("is unknown", () => expect(judge(new HistoryBuilder(), "withdrawal-bound").result).toBe("unknown"));
});
