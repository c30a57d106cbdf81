import { describe, expect, it } from "vitest";

import { grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "stale-fenced";
const sent = (code: string) => new HistoryBuilder().add("witness.stale-result", { ...grant(1, 1), code });

describe("stale-fenced", () => {
  it("passes when each is refused as fenced", () => {
    expect(judge(sent("fenced"), name)).toMatchObject({ result: "pass", detail: expect.stringContaining("1 results") });
  });

  it("says nothing when too few were tried", () => {
    expect(judge(sent("fenced"), name, { resultsMin: 2 }).result).toBe("unknown");
  });

  it("counts results alone, and fails on other words that are taken", () => {
    const told = (action: "progress" | "return", code: string) =>
      sent("fenced").add("witness.stale-result", { ...grant(1, 1), action, code });
    expect(judge(told("progress", "fenced"), name, { resultsMin: 2 }).result).toBe("unknown");
    expect(judge(told("progress", "ok"), name).detail).toContain("progress under");
    expect(judge(told("return", "ok"), name).detail).toContain("a hand-back under");
  });

  it("fails when one is taken, or refused for another reason", () => {
    expect(judge(sent("ok"), name).detail).toContain("was answered ok");
    expect(judge(sent("unknown-agent"), name).result).toBe("fail");
  });
});
