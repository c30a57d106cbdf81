import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

describe("freeze-latency", () => {
  const freezes = (processes: number, ...latencies: number[]) => {
    const history = new HistoryBuilder();
    for (const latencyMs of latencies)
      history.add("witness.freeze", { latencyMs, source: "cgroup", processes, agentFreezeMs: 1 });
    return history;
  };

  it("judges the 99th percentile and counts only freezes of something that ran", () => {
    expect(judge(freezes(4, 1, 2, 3), "freeze-latency", { freezesMin: 3 }).result).toBe("pass");
    expect(judge(freezes(4, 1, 2, 30), "freeze-latency", { freezesMin: 3 })).toMatchObject({
      result: "fail",
      story: [expect.stringContaining("latencyMs=30")],
    });
    expect(judge(freezes(4, 1, 2), "freeze-latency", { freezesMin: 3 }).result).toBe("unknown");
    expect(judge(freezes(0, 1), "freeze-latency").result).toBe("unknown");
    expect(judge(freezes(0, 1), "freeze-latency", { freezesMin: 0 }).result).toBe("unknown");
  });

  it("bears one slow freeze in a hundred", () => {
    const fast = Array.from({ length: 99 }, () => 1);
    expect(judge(freezes(4, 30, ...fast), "freeze-latency").result).toBe("pass");
    expect(judge(freezes(4, 30, 30, ...fast), "freeze-latency").result).toBe("fail");
  });
});
