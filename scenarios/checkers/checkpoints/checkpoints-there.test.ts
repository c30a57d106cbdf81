import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "checkpoints-there";
const saved = () => new HistoryBuilder().start().save(1, 1, 3);
const refused = (history: HistoryBuilder, code = "unknown-checkpoint") =>
  history.add("broker.refused", { agentId, route: "progress", code });
const fault = (history: HistoryBuilder, which: string, target: string) =>
  history.add("fault.applied", { fault: which, target, detail: "", subjects: [] });

describe("checkpoints-there", () => {
  it("passes where every checkpoint that was named is taken, and counts them", () => {
    expect(judge(saved(), name)).toMatchObject({ result: "pass", detail: "1 checkpoints" });
    expect(judge(new HistoryBuilder().start(), name).result).toBe("unknown");
  });

  it("fails where the broker does not have one", () => {
    expect(judge(refused(saved()), name).detail).toContain("named a checkpoint that the broker does not have");
    expect(judge(refused(fault(saved(), "slow both", "b".repeat(64))), name).result).toBe("fail");
    expect(judge(refused(fault(saved(), "lossy both", agentId)), name).result).toBe("fail");
  });

  it("has nothing to say of any other refusal", () => {
    expect(judge(refused(saved(), "fenced"), name).result).toBe("pass");
  });

  it.each(["stall-broker", "stall-store", "lose-store"])("excuses everybody after %s", (which) => {
    expect(judge(refused(fault(saved(), which, "broker")), name).result).toBe("pass");
  });

  it.each(["stall-agent", "slow both", "slow to-agent", "reordering both"])(
    "excuses the agent that %s befell, and no other",
    (which) => {
      expect(judge(refused(fault(saved(), which, agentId)), name).result).toBe("pass");
      expect(judge(refused(fault(saved(), which, "b".repeat(64))), name).result).toBe("fail");
    },
  );

  it("excuses an agent whose messages may be held up twice over, and not once", () => {
    const once = () => fault(saved(), "reordering to-broker", agentId);
    expect(judge(refused(once()), name).result).toBe("fail");
    expect(judge(refused(fault(once(), "reordering to-agent", agentId)), name).result).toBe("pass");
    expect(judge(refused(fault(once(), "reordering to-agent", "b".repeat(64))), name).result).toBe("fail");
  });

  it("excuses nobody for a broker that was killed: what it holds is kept for longer then", () => {
    expect(judge(refused(fault(saved(), "kill-broker", "broker")), name).result).toBe("fail");
  });
});
