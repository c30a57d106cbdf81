import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "freeze-bound";

describe("freeze-bound", () => {
  it("fails on one freeze that took longer than the bound", () => {
    expect(judge(new HistoryBuilder().freeze(1, 10), name).result).toBe("pass");
    expect(judge(new HistoryBuilder().freeze(1, 10.1), name).result).toBe("fail");
    expect(judge(new HistoryBuilder().freeze(1, 10.1), name, { freezeMsMax: 20 }).result).toBe("pass");
  });

  it("counts a sandbox that comes up in the freeze from its coming up", () => {
    const late = (waitMs: number) =>
      new HistoryBuilder()
        .freeze()
        .wait(500)
        .execution(1, "spawning", "running")
        .wait(waitMs)
        .freeze(2, 502 + waitMs);
    expect(judge(late(5), name).result).toBe("pass");
    expect(judge(late(15), name).result).toBe("fail");
  });

  it("does not take one for late that came up before the freeze, or in an earlier one", () => {
    expect(judge(new HistoryBuilder().execution(1, "spawning", "running").freeze(1, 500), name).result).toBe("fail");
    const earlier = new HistoryBuilder().freeze().execution(1, "spawning", "running").thaw().freeze(1, 500);
    expect(judge(earlier, name).result).toBe("fail");
  });

  it("holds a freeze for in force while the agent shuts down, though its pause is called off meanwhile", () => {
    const leaving = new HistoryBuilder().add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" }).freeze().thaw();
    const late = leaving.wait(50).execution(1, "spawning", "running").freeze(1, 55);
    expect(judge(late, name).result).toBe("pass");
  });

  it("is unknown when nothing was frozen", () => {
    expect(judge(new HistoryBuilder(), name).result).toBe("unknown");
  });
});
