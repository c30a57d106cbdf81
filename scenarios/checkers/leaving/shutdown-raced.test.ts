import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "shutdown-raced";
const goodbye = { agentId, by: "broker", command: "goodbye", reason: "scenario" } as const;
const term = { agentId, signal: "SIGTERM" };
const begin = { trigger: "SIGTERM", stage: "begin" } as const;
const end = { trigger: "SIGTERM", stage: "end" } as const;
const told = { agentId, standing: "shutdown", reason: "SIGTERM" } as const;
const asked = () => new HistoryBuilder().add("witness.command", goodbye).add("witness.signal", term);

describe("shutdown-raced", () => {
  it("passes when all who asked before the end have one shutdown", () => {
    const history = asked().add("agent.shutdown", begin).add("broker.agent", told).add("agent.shutdown", end);
    expect(judge(history, name)).toMatchObject({
      result: "pass",
      detail: "2 asked at once (SIGTERM first), 1 shutdown, the broker told 1 time",
    });
  });

  it("says nothing when nobody shut down, or one asked only after the end", () => {
    expect(judge(asked(), name).result).toBe("unknown");
    const late = new HistoryBuilder()
      .add("witness.signal", term)
      .add("agent.shutdown", begin)
      .add("agent.shutdown", end)
      .add("witness.command", goodbye);
    expect(judge(late, name).result).toBe("unknown");
  });

  it("fails when a second one begins, none ends, or the broker is told twice", () => {
    const twice = asked().add("agent.shutdown", begin).add("agent.shutdown", begin);
    expect(judge(twice, name).detail).toContain("a second shutdown began");
    expect(judge(asked().add("agent.shutdown", begin), name).detail).toContain("came to 0 ends");
    const toldTwice = asked().add("agent.shutdown", begin).add("broker.agent", told).add("broker.agent", told);
    expect(judge(toldTwice, name).detail).toContain("told twice");
  });
});
