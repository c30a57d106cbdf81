import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "kills-survived";
const killed = (...places: readonly string[]) => {
  const history = new HistoryBuilder();
  for (const place of places) {
    history.add("fault.applied", { fault: "kill-agent", target: agentId, detail: `at ${place}`, subjects: [] });
  }
  return history;
};

describe("kills-survived", () => {
  it("passes when the report of whoever was killed is clean, and says how often that was", () => {
    const history = killed("freeze", "terminate").withdrawal({ attempts: 3 });
    expect(judge(history, name, { killsMin: 2 })).toMatchObject({
      result: "pass",
      detail: "killed at 2 steps, clean at attempt 3",
    });
  });

  it("says nothing without a report, without a kill, or with too few places", () => {
    expect(judge(killed("freeze"), name).result).toBe("unknown");
    expect(judge(new HistoryBuilder().withdrawal(), name).result).toBe("unknown");
    const twice = killed("freeze", "freeze").withdrawal();
    expect(judge(twice, name, { killsMin: 2 }).result).toBe("unknown");
  });

  it("fails when the end is not clean", () => {
    const history = killed("freeze").withdrawal({ clean: false });
    expect(judge(history, name).detail).toContain("not clean");
  });
});
