import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "no-intake";
const offer = (answer: HistoryData<"agent.offer">["answer"]) => {
  const { jobId, leaseId, epoch } = grant(1, 1);
  return { jobId, leaseId, epoch, answer, reason: "" };
};
/** A job waits all the while, so that there is something to refuse. */
const waiting = () => new HistoryBuilder().job(9, null, "queued");
const paused = () => waiting().state("Idle", "Paused", "paused");

describe("no-intake by the agent's account", () => {
  it("fails on an offer accepted, or a job started, while Paused", () => {
    expect(judge(paused().add("agent.offer", offer("accepted")), name).detail).toContain("accepted while Paused");
    expect(judge(paused().execution(1, null, "spawning"), name).detail).toContain("started while Paused");
    expect(judge(paused().execution(1, "spawning", "running"), name).result).toBe("pass");
  });

  it("passes on a declined one, and does not mix up two agents", () => {
    const history = paused().add("agent.offer", offer("declined")).add("agent.offer", offer("accepted"), "another");
    expect(judge(history, name).result).toBe("pass");
  });

  it("passes once it has resumed, which the thaw tells only later", () => {
    const history = paused().state("Paused", "Idle", "resumeAsked").execution(1, null, "spawning").thaw();
    expect(judge(history, name).result).toBe("pass");
  });

  it.each(["Withdrawing", "Withdrawn"] as const)("fails while %s", (to) => {
    const history = new HistoryBuilder().state("Idle", "Withdrawing", "withdrawAsked");
    if (to === "Withdrawn") history.state("Withdrawing", to, "withdrawn");
    expect(judge(history.add("agent.offer", offer("accepted")), name).detail).toContain(`while ${to}`);
  });

  it("fails from the beginning of a shutdown on, and not in the next instance", () => {
    const down = () => paused().start("two").add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" }, "two");
    expect(judge(down().add("agent.offer", offer("accepted"), "two"), name).detail).toContain("shut down");
    expect(judge(down().start("three").add("agent.offer", offer("accepted"), "three"), name).result).toBe("pass");
  });
});

describe("no-intake between the freeze of a pause and Paused", () => {
  const frozen = (trigger?: string) => waiting().freeze(1, 1, trigger).execution(1, null, "spawning");

  it("fails when the pause takes effect", () => {
    const judgement = judge(frozen().state("Working", "Paused", "paused"), name);
    expect(judgement.detail).toBe("lease-1-1 was started while everything was frozen for a pause");
    expect(judgement.story).toHaveLength(3);
  });

  it("passes when the pause had been called off, as the thaw shows", () => {
    expect(judge(frozen().thaw().freeze().state("Working", "Paused", "paused"), name).result).toBe("pass");
  });

  it("passes during the short freeze of a periodic checkpoint", () => {
    const history = frozen("periodic checkpoint").state("Working", "Paused", "paused");
    expect(judge(history, name).result).toBe("pass");
  });
});

describe("no-intake by the broker's account", () => {
  const acknowledged = () =>
    new HistoryBuilder().add("broker.pause-acknowledged", { agentId, freezeMs: 1, checkpoints: 0 });
  const heartbeat = (state: HistoryData<"broker.heartbeat">["state"]) =>
    acknowledged().add("broker.heartbeat", { agentId, state, slotsFree: 0, offers: 0 });

  it("fails on a grant after an acknowledged pause, whatever the agent says", () => {
    expect(judge(acknowledged().lease(1, 1), name).result).toBe("fail");
    expect(judge(heartbeat("Paused").lease(1, 1), name).result).toBe("fail");
    expect(judge(heartbeat("Idle").lease(1, 1), name).result).toBe("unknown");
  });

  it("counts what waits only while a living instance is closed", () => {
    const killed = new HistoryBuilder().start().state("Idle", "Paused", "paused").start("two");
    expect(judge(killed.job(1, null, "queued"), name).result).toBe("unknown");
  });

  it("counts no job as waiting that a store forgot, and one that is told of again once", () => {
    const lost = waiting().loseStore(9).state("Idle", "Paused", "paused");
    expect(judge(lost, name).result).toBe("unknown");
    const again = waiting().loseStore(9).job(9, "queued", "queued").state("Idle", "Paused", "paused");
    expect(judge(again, name).detail).toContain("up to 1 jobs waiting");
  });

  it("counts as declined what was declined while closed, and not before", () => {
    const before = waiting().add("agent.offer", offer("declined")).state("Idle", "Paused", "paused");
    expect(judge(before, name).detail).toContain("0 offers declined");
    expect(judge(before.add("agent.offer", offer("declined")), name).detail).toContain("1 offers declined");
  });

  it("is unknown when nothing waited to be refused", () => {
    const closed = () => new HistoryBuilder().state("Idle", "Paused", "paused");
    expect(judge(closed(), name)).toMatchObject({
      result: "unknown",
      detail: expect.stringContaining("1 were to wait"),
    });
    expect(judge(closed().job(1, null, "queued"), name)).toMatchObject({
      result: "pass",
      detail: "closed 1 times with up to 1 jobs waiting, 0 offers declined meanwhile",
    });
    expect(judge(closed().job(1, null, "queued"), name, { queuedMin: 2 }).result).toBe("unknown");
    const before = new HistoryBuilder().job(1, null, "queued").job(1, "queued", "offered");
    expect(judge(before.state("Idle", "Paused", "paused"), name).result).toBe("unknown");
  });
});
