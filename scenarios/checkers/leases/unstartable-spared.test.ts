import { describe, expect, it } from "vitest";

import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "unstartable-spared", { startAgainAfterMs: 5_000 });

const enrolled = (history: HistoryBuilder, instanceId = "one") =>
  history.add("broker.enrolled", { agentId, instanceId, again: false });
const offered = (history: HistoryBuilder, epoch: number, agent = agentId) =>
  history.add("broker.offered", { ...grant(1, epoch), agentId: agent, expiresAt: 1 });
const failed = () => offered(enrolled(new HistoryBuilder().start()), 1).execution(1, "spawning", "failed");
const returned = () => failed().release(1, 1, "handed-back");

describe("unstartable-spared", () => {
  it("fails when a job is offered again at once to an agent that could not start it", () => {
    expect(verdict(offered(returned(), 2)).detail).toContain("job-1 is offered again to an agent that just could not");
    expect(verdict(offered(returned().wait(4_700), 2)).result).toBe("fail");
    expect(verdict(offered(enrolled(returned()), 2)).result).toBe("fail");
  });

  it("passes when that is after a while, or to somebody else", () => {
    expect(verdict(offered(returned().wait(5_000), 2))).toMatchObject({ result: "pass", detail: "2 offers" });
    expect(verdict(offered(returned(), 2, "b".repeat(64))).result).toBe("pass");
    expect(verdict(offered(enrolled(returned().start("two"), "two"), 2)).result).toBe("pass");
  });

  it("says nothing of a job that could be started, nor of a start that the broker was not told of", () => {
    const gone = failed().release(1, 1, "expired");
    expect(verdict(offered(gone, 2)).result).toBe("pass");
    const started = offered(enrolled(new HistoryBuilder().start()), 1).execution(1, "spawning", "running");
    expect(verdict(offered(started.release(1, 1, "handed-back"), 2)).result).toBe("pass");
    expect(verdict(enrolled(new HistoryBuilder().start())).result).toBe("unknown");
  });
});
