import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "drained-rests";
const begun = () => new HistoryBuilder().add("broker.started", { url: "", store: "memory", pid: 1 }, "b1");
const drained = () => begun().add("broker.drained", { reason: "maintenance" }, "b1");
const offer = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, agentId, expiresAt: 1 };
const move = (from: "queued" | "offered", to: "offered" | "leased") =>
  ({ jobId: "job-1", from, to, epoch: 1, reason: "" }) as const;
const enrolled = (again: boolean) => ({ agentId, instanceId: "one", again });
const execution = (from: null | "spawning", to: "spawning" | "running") =>
  ({ executionId: "exec-1", from, to, startedAt: null, completedAt: null, reason: "" }) as const;
const verdict = (history: HistoryBuilder) => judge(history, name).result;

describe("drained-rests", () => {
  it("says nothing of a broker that was not drained", () => {
    expect(verdict(begun().add("broker.offered", offer, "b1"))).toBe("unknown");
  });

  it("passes what goes on: an acceptance, who comes back, an end that was asked for", () => {
    const history = drained()
      .add("broker.job", move("offered", "leased"), "b1")
      .add("broker.enrolled", enrolled(true), "b1")
      .add("broker.execution", execution("spawning", "running"), "b1");
    expect(judge(history, name)).toMatchObject({ result: "pass", detail: "1 drains" });
  });

  it("fails when a job is offered, in either of the two ways in which that is told", () => {
    expect(judge(drained().add("broker.offered", offer, "b1"), name).detail).toContain("offered job-1");
    expect(judge(drained().add("broker.job", move("queued", "offered"), "b1"), name).detail).toContain("offered job-1");
  });

  it("fails when a stranger is taken in, or an agent is started", () => {
    expect(judge(drained().add("broker.enrolled", enrolled(false), "b1"), name).detail).toContain("took in");
    expect(judge(drained().add("broker.execution", execution(null, "spawning"), "b1"), name).detail).toContain(
      "exec-1",
    );
  });

  it("passes whatever the next process does, though it has not said yet that it is up, or has the same pid", () => {
    const other = drained().add("broker.enrolled", enrolled(false), "b2").add("broker.offered", offer, "b2");
    const same = drained()
      .add("broker.started", { url: "", store: "memory", pid: 1 }, "b1")
      .add("broker.offered", offer, "b1");
    const stopped = drained().add("broker.stopped", { reason: "" }, "b1").add("broker.enrolled", enrolled(false), "b1");
    expect([verdict(other), verdict(same), verdict(stopped)]).toEqual(["pass", "pass", "pass"]);
  });
});
