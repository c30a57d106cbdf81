import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "command-once";
const frozen = { freezeMs: 1, sandboxes: 1, processes: 1 };

const started = () => new HistoryBuilder().start();
const freeze = (history: HistoryBuilder, number: number, source = "one") =>
  history.add("agent.frozen", { ...frozen, trigger: `command #${number}` }, source);
const thaw = (history: HistoryBuilder, trigger: string, source = "one") =>
  history.add("agent.thawed", { trigger, sandboxes: 1 }, source);

describe("command-once", () => {
  it("passes on commands that each take effect once", () => {
    const history = freeze(thaw(freeze(started(), 1), "command #2"), 3);
    expect(judge(history, name)).toMatchObject({ result: "pass", detail: "3 commands" });
  });

  it("fails on a pause that is taken again after everything went on", () => {
    expect(judge(freeze(thaw(freeze(started(), 1), "command #2"), 1), name).detail).toBe(
      "command #1 paused the agent twice",
    );
    const later = freeze(thaw(freeze(thaw(freeze(started(), 1), "the owner left"), 3), "the owner left"), 1);
    expect(judge(later, name).result).toBe("fail");
  });

  it("passes where a latecomer is stopped by the same freeze, before and after another command", () => {
    expect(judge(freeze(freeze(started(), 1), 1), name).result).toBe("pass");
    expect(judge(freeze(freeze(freeze(started(), 1), 2), 1), name).result).toBe("pass");
    const afterAnEarlierThaw = freeze(freeze(thaw(started(), "periodic checkpoint"), 1), 1);
    expect(judge(afterAnEarlierThaw, name).result).toBe("pass");
  });

  it("fails on a resume that is taken again", () => {
    const history = freeze(thaw(freeze(started(), 1), "command #2"), 3);
    expect(judge(thaw(history, "command #2"), name).detail).toBe("command #2 let the agent go on twice");
    expect(judge(thaw(thaw(started(), "command #1"), "command #2"), name).result).toBe("pass");
  });

  it("says nothing of reasons that name no command: owners may give the same one twice", () => {
    for (const reason of ["periodic checkpoint", "the owner left", "see command #1"]) {
      const history = started().freeze(1, 1, reason);
      expect(judge(thaw(thaw(history, reason).freeze(1, 1, reason), reason), name).result).toBe("unknown");
    }
  });

  it("counts each instance on its own, whose thaws are its own too", () => {
    // A remembered pause takes effect again in the next instance, under the same reason.
    const next = thaw(freeze(started(), 1), "command #2").start("two");
    expect(judge(thaw(freeze(next, 1, "two"), "command #2", "two"), name).result).toBe("pass");
    const other = { agentId: "c".repeat(64) };
    const beside = thaw(freeze(started(), 1).start("two", other), "command #2", "two");
    expect(judge(freeze(beside, 1), name).result).toBe("pass");
  });
});
