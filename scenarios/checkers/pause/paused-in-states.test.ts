import { describe, expect, it } from "vitest";

import type { AgentState } from "../../../protocol/agent-states.ts";
import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

function asked(state: AgentState, { ok, code }: { ok: boolean; code: string | null }) {
  const history = new HistoryBuilder().start();
  if (state !== "Enrolling") {
    history.add("agent.state", { from: "Enrolling", to: state, event: "enrolled", reason: "" });
  }
  history.add("witness.asked", { agentId, request: 1, command: "pause", withinMs: 1 });
  const answer = { ok, code, waitedMs: 1, pause: null, report: null };
  history.add("witness.answered", { agentId, request: 1, command: "pause", ...answer });
  return judge(history, "paused-in-states", { states: state });
}

describe("paused-in-states", () => {
  it.each<AgentState>(["Enrolling", "Idle", "Working", "Paused"])("wants a pause to be granted while %s", (state) => {
    expect(asked(state, { ok: true, code: null }).result).toBe("pass");
    expect(asked(state, { ok: false, code: "refused" }).result).toBe("fail");
  });

  it("wants it to be refused by name while withdrawing", () => {
    expect(asked("Withdrawing", { ok: false, code: "refused" }).result).toBe("pass");
    expect(asked("Withdrawing", { ok: true, code: null }).result).toBe("fail");
    expect(asked("Withdrawing", { ok: false, code: "no-answer" }).result).toBe("fail");
  });

  it("knows nothing of a state in which nobody asked", () => {
    const history = new HistoryBuilder().start();
    expect(judge(history, "paused-in-states", { states: "Idle,Paused" })).toMatchObject({
      result: "unknown",
      detail: expect.stringContaining("Idle, Paused"),
    });
  });
});
