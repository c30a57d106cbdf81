import { describe, expect, it } from "vitest";

import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "work-undisturbed");

const started = () => new HistoryBuilder().start().add("broker.enrolled", { agentId, instanceId: "one", again: false });
const held = () => started().lease(1, 1);
const { agentId: _agentId, ...lease } = grant(1, 1);
const leaves = (history: HistoryBuilder) => history.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });
const refuses = (history: HistoryBuilder, route = "complete") =>
  history.add("broker.refused", { agentId, route, code: "fenced" });

describe("work-undisturbed", () => {
  it("passes when a lease ends as its job did", () => {
    const history = held().execution(1, "running", "completed").release(1, 1, "completed");
    expect(verdict(history)).toMatchObject({ result: "pass", detail: "1 leases ended" });
    expect(verdict(held().execution(1, "running", "failed").release(1, 1, "failed")).result).toBe("pass");
  });

  it("fails when it ends otherwise than its job", () => {
    expect(verdict(held().execution(1, "running", "failed").release(1, 1, "completed")).detail).toContain(
      "counts as completed",
    );
    expect(verdict(held().release(1, 1, "failed")).result).toBe("fail");
  });

  it("fails when work is stopped or handed back without a reason", () => {
    expect(verdict(held().execution(1, "running", "killing")).detail).toContain("stopped without a reason");
    expect(verdict(held().release(1, 1, "handed-back")).detail).toContain("without a reason");
  });

  it("lets whoever leaves stop and hand back, and whoever cannot start a job too", () => {
    const left = leaves(held()).execution(1, "running", "killing").release(1, 1, "handed-back");
    expect(verdict(left).result).toBe("pass");
    const failed = held().execution(1, "spawning", "failed").release(1, 1, "handed-back");
    expect(verdict(failed).result).toBe("pass");
  });

  it("lets a cancelled job be stopped", () => {
    expect(verdict(held().release(1, 1, "cancelled").execution(1, "running", "killing")).result).toBe("pass");
  });

  it.each(["expired", "offer-lapsed", "agent-lost", "revoked"] as const)(
    "fails when a lease of an agent that is there ends as %s, and not when it left",
    (how) => {
      expect(verdict(held().release(1, 1, how)).result).toBe("fail");
      expect(verdict(leaves(held()).release(1, 1, how)).result).toBe("pass");
    },
  );

  it("fails when an offer goes back that nobody declined, and not when its agent did or was paused", () => {
    const offered = () => started().add("broker.offered", { ...grant(1, 1), expiresAt: 1 });
    expect(verdict(offered().release(1, 1, "declined")).detail).toContain("its agent did not say so");
    const declined = offered().add("agent.offer", { ...lease, answer: "declined", reason: "" });
    expect(verdict(declined.release(1, 1, "declined")).result).toBe("pass");
    const paused = offered().state("Idle", "Paused", "paused");
    expect(verdict(paused.release(1, 1, "declined")).result).toBe("pass");
  });

  it("fails when an agent that is there counts as lost", () => {
    const lost = { agentId, standing: "lost", reason: "" } as const;
    expect(verdict(held().add("broker.agent", lost)).detail).toContain("counts as lost");
    expect(verdict(leaves(held()).add("broker.agent", lost)).result).toBe("unknown");
    const back = () => leaves(held()).start("two", { instanceId: "two" });
    expect(verdict(back().add("broker.agent", lost)).result).toBe("unknown");
    const known = back().add("broker.enrolled", { agentId, instanceId: "two", again: true });
    expect(verdict(known.add("broker.agent", lost)).detail).toContain("counts as lost");
  });

  it("fails when the broker refuses what nothing is wrong with", () => {
    expect(verdict(refuses(held())).detail).toContain("was refused: complete, fenced");
    expect(verdict(refuses(held(), "progress")).result).toBe("unknown");
    expect(verdict(refuses(held().release(1, 1, "cancelled"))).result).toBe("pass");
    expect(verdict(refuses(leaves(held()))).result).toBe("unknown");
  });

  it("lets the last that an earlier instance said be refused, and nothing that comes later", () => {
    const back = () => leaves(held()).start("two", { instanceId: "two" });
    expect(verdict(refuses(back(), "heartbeat")).result).toBe("unknown");
    const known = (ms: number) => back().add("broker.enrolled", { agentId, instanceId: "two", again: true }).wait(ms);
    expect(verdict(refuses(known(40), "heartbeat")).result).toBe("unknown");
    const lapsed = { agentId, route: "decline", code: "offer-lapsed" } as const;
    expect(verdict(back().add("broker.refused", lapsed)).result).toBe("unknown");
    expect(verdict(known(40).add("broker.refused", lapsed)).detail).toContain("was refused: decline");
    expect(verdict(refuses(known(60), "heartbeat")).detail).toContain("was refused: heartbeat, fenced");
  });
});
