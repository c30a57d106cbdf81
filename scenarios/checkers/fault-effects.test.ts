import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../testing/history-builder.ts";
import { judgeExpectations } from "./registry.ts";

const ids = { faultId: 1, kind: "slow-process" };
const applied = { fault: "slow-agent", target: "a1", detail: "", subjects: [], ...ids };
const effect = { fault: "slow-agent", target: "a1", lookedFor: "that it waits", found: "it waited 0 times", ...ids };

const verdict = (history: HistoryBuilder) => judgeExpectations(history.records, [], [])[0];

describe("faults that steps ordered", () => {
  it("had an effect if the last word on each says so", () => {
    const seen = new HistoryBuilder().add("fault.applied", applied).add("fault.effect", { ...effect, seen: false });
    expect(verdict(seen)).toMatchObject({
      result: "unknown",
      detail: "the fault slow-process on a1 had no effect to be seen: looked for that it waits; it waited 0 times",
    });
    expect(verdict(seen.add("fault.effect", { ...effect, seen: true }))?.result).toBe("pass");
  });

  it("are unknown where nothing was measured", () => {
    expect(verdict(new HistoryBuilder().add("fault.applied", applied))?.result).toBe("unknown");
  });

  it("are asked for in no run without them, nor twice", () => {
    const planned = { fault: "kill-agent", target: "a1", detail: "", subjects: [] };
    expect(verdict(new HistoryBuilder().add("fault.applied", planned))).toBeUndefined();
    const { records } = new HistoryBuilder().add("fault.applied", applied);
    expect(judgeExpectations(records, [{ checker: "fault-effects" }], [])).toHaveLength(1);
  });
});
