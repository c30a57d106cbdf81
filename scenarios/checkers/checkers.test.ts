import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../protocol/history.ts";
import { checkpoint, grant, HistoryBuilder } from "../testing/history-builder.ts";
import { judgeExpectation, type ScenarioExpectation } from "./registry.ts";

const judge = (history: HistoryBuilder, checker: ScenarioExpectation["checker"], settings = {}) =>
  judgeExpectation(history.records, { checker, settings }, []);

const released = (
  job: number,
  epoch: number,
  how: HistoryData<"broker.released">["how"],
  extra: Partial<HistoryData<"broker.released">> = {},
): HistoryData<"broker.released"> => ({ ...grant(job, epoch), how, progress: 5, checkpoint: null, ...extra });

const offered = (history: HistoryBuilder, job: number, epoch: number) =>
  history
    .add("broker.offered", { ...grant(job, epoch), expiresAt: 1 })
    .add("broker.leased", { ...grant(job, epoch), expiresAt: 1 });

describe("lease-exclusivity", () => {
  it("passes when each grant follows the release of the last with a larger epoch", () => {
    const history = offered(new HistoryBuilder(), 1, 1).add("broker.released", released(1, 1, "handed-back"));
    expect(judge(offered(history, 1, 2), "lease-exclusivity").result).toBe("pass");
  });
  it("fails on two live leases of one job", () => {
    const history = offered(offered(new HistoryBuilder(), 1, 1), 1, 2);
    const judgement = judge(history, "lease-exclusivity");
    expect(judgement.result).toBe("fail");
    expect(judgement.detail).toContain("lease-1-1 was live");
  });
  it("fails on an epoch that does not grow", () => {
    const history = offered(new HistoryBuilder(), 1, 2).add("broker.released", released(1, 2, "expired"));
    expect(judge(offered(history, 1, 2), "lease-exclusivity").detail).toContain("epoch 2 after epoch 2");
  });
  it("is unknown without a grant", () => {
    expect(judge(new HistoryBuilder(), "lease-exclusivity").result).toBe("unknown");
  });
});

describe("completion-once", () => {
  it("fails on a second completion", () => {
    const history = new HistoryBuilder()
      .add("broker.released", released(1, 1, "completed"))
      .add("broker.released", released(1, 2, "completed"));
    expect(judge(history, "completion-once").result).toBe("fail");
  });
  it("passes on a hand-back followed by one completion", () => {
    const history = new HistoryBuilder()
      .add("broker.released", released(1, 1, "handed-back"))
      .add("broker.released", released(1, 2, "completed"));
    expect(judge(history, "completion-once").result).toBe("pass");
  });
});

describe("jobs-settled", () => {
  const job = (history: HistoryBuilder, number: number, to: HistoryData<"broker.job">["to"]) =>
    history.add("broker.job", { jobId: `job-${number}`, from: null, to, epoch: 1, reason: "" });

  it("passes when the rest was handed back with a checkpoint", () => {
    const history = job(offered(new HistoryBuilder(), 1, 1), 1, "completed");
    job(offered(history, 2, 1).add("broker.released", released(2, 1, "handed-back", { checkpoint })), 2, "queued");
    expect(judge(history, "jobs-settled", { startedMin: 2, handedBackMin: 1 }).result).toBe("pass");
    expect(judge(history, "jobs-settled", { completedAll: 1 }).result).toBe("fail");
    expect(judge(history, "jobs-settled", { startedMin: 3 }).result).toBe("unknown");
  });
  it("fails on a hand-back without a checkpoint, even if somebody completed the job from zero", () => {
    const history = offered(new HistoryBuilder(), 1, 1).add("broker.released", released(1, 1, "handed-back"));
    expect(judge(job(history, 1, "completed"), "jobs-settled").result).toBe("fail");
  });
  it("fails on a job that was lost with its agent", () => {
    const history = offered(new HistoryBuilder(), 1, 1).add("broker.released", released(1, 1, "agent-lost"));
    expect(judge(job(history, 1, "queued"), "jobs-settled").detail).toContain("agent-lost");
  });
  it("fails on a job that failed", () => {
    expect(judge(job(offered(new HistoryBuilder(), 1, 1), 1, "failed"), "jobs-settled").result).toBe("fail");
  });
});

describe("transitions", () => {
  it("fails on a step that the table does not have", () => {
    const history = new HistoryBuilder().add("agent.state", {
      from: "Idle",
      to: "Withdrawn",
      event: "withdrawn",
      reason: "",
    });
    expect(judge(history, "transitions").detail).toContain("from Idle to Withdrawn");
  });
  it("fails on a gap between two transitions", () => {
    const history = new HistoryBuilder()
      .add("agent.state", { from: "Enrolling", to: "Idle", event: "enrolled", reason: "" })
      .add("agent.state", { from: "Working", to: "Idle", event: "workEnded", reason: "" });
    expect(judge(history, "transitions").detail).toContain("the agent was Idle");
  });
  it("fails on an execution that goes on after its end", () => {
    const execution = { jobId: "job-1", leaseId: "lease-1", epoch: 1, reason: "" };
    const history = new HistoryBuilder()
      .add("agent.execution", { ...execution, from: null, to: "spawning" })
      .add("agent.execution", { ...execution, from: "spawning", to: "failed" })
      .add("agent.execution", { ...execution, from: "failed", to: "running" });
    expect(judge(history, "transitions").detail).toContain("failed is final");
  });
});

describe("pause-silence", () => {
  const look = (running: number, cpuUsedUs: number) =>
    new HistoryBuilder().add("witness.frozen", { processes: 3, running, cpuUsedUs, forMs: 300 });
  it("passes on silence", () => expect(judge(look(0, 10), "pause-silence").result).toBe("pass"));
  it("fails on a running process", () => expect(judge(look(1, 0), "pause-silence").result).toBe("fail"));
  it("fails on CPU time used", () => expect(judge(look(0, 200_000), "pause-silence").result).toBe("fail"));
  it("is unknown when nothing was watched", () => {
    expect(judge(new HistoryBuilder(), "pause-silence").result).toBe("unknown");
  });
});

describe("no-intake", () => {
  const offer = { jobId: "job-1", leaseId: "lease-1", epoch: 1, reason: "" };
  const paused = () =>
    new HistoryBuilder().add("agent.state", { from: "Idle", to: "Paused", event: "paused", reason: "" });
  it("fails on an offer accepted while Paused", () => {
    expect(judge(paused().add("agent.offer", { ...offer, answer: "accepted" }), "no-intake").result).toBe("fail");
  });
  it("passes on a declined one, and does not mix up two agents", () => {
    const history = paused()
      .add("agent.offer", { ...offer, answer: "declined" })
      .add("agent.offer", { ...offer, answer: "accepted" }, "another");
    expect(judge(history, "no-intake").result).toBe("pass");
  });
});

describe("key-revoked", () => {
  it("fails when the broker takes the key", () => {
    expect(
      judge(new HistoryBuilder().add("witness.revoked-key", { status: 200, code: "none" }), "key-revoked").result,
    ).toBe("fail");
    expect(
      judge(new HistoryBuilder().add("witness.revoked-key", { status: 401, code: "revoked" }), "key-revoked").result,
    ).toBe("pass");
    expect(judge(new HistoryBuilder(), "key-revoked").result).toBe("unknown");
  });
});

describe("freeze-latency", () => {
  const freezes = (...latencies: number[]) => {
    const history = new HistoryBuilder();
    for (const latencyMs of latencies)
      history.add("witness.freeze", { latencyMs, source: "cgroup", processes: 4, agentFreezeMs: 1 });
    return history;
  };
  it("judges the 99th percentile and counts only freezes of something that ran", () => {
    expect(judge(freezes(1, 2, 3), "freeze-latency", { freezesMin: 3 }).result).toBe("pass");
    expect(judge(freezes(1, 2, 30), "freeze-latency", { freezesMin: 3 }).result).toBe("fail");
    expect(judge(freezes(1, 2), "freeze-latency", { freezesMin: 3 }).result).toBe("unknown");
    const empty = new HistoryBuilder().add("witness.freeze", {
      latencyMs: 1,
      source: "proc",
      processes: 0,
      agentFreezeMs: 1,
    });
    expect(judge(empty, "freeze-latency").result).toBe("unknown");
  });
});

describe("progress-kept", () => {
  it("fails when a job ends behind its checkpoint", () => {
    const saved = () =>
      new HistoryBuilder().add("agent.checkpoint", {
        jobId: "job-1",
        leaseId: "lease-1-1",
        epoch: 1,
        checkpoint,
        trigger: "pause",
        durationMs: 1,
      });
    expect(
      judge(saved().add("broker.released", released(1, 1, "completed", { progress: 9 })), "progress-kept").result,
    ).toBe("pass");
    expect(
      judge(saved().add("broker.released", released(1, 2, "completed", { progress: 2 })), "progress-kept").result,
    ).toBe("fail");
  });
});

describe("progress-kept across holders", () => {
  const handedBack = () => new HistoryBuilder().add("broker.released", released(1, 1, "handed-back", { checkpoint }));
  const result = (startedFrom: number) => ({ jobId: "job-1", correct: true, startedFrom, detail: "" });
  it("fails when the next holder began at zero, however right its result is", () => {
    expect(judge(handedBack().add("witness.result", result(0)), "progress-kept").result).toBe("fail");
  });
  it("does not fail one that began where the checkpoint ends", () => {
    expect(judge(handedBack().add("witness.result", result(5)), "progress-kept").result).not.toBe("fail");
  });
});

describe("no-intake by the broker's account", () => {
  it("fails on a grant after an acknowledged pause, whatever the agent says", () => {
    const history = new HistoryBuilder()
      .add("broker.pause-acknowledged", { agentId: grant(1, 1).agentId, freezeMs: 1, checkpoints: 0 })
      .add("broker.leased", { ...grant(1, 1), expiresAt: 1 });
    expect(judge(history, "no-intake").result).toBe("fail");
  });
  it("is unknown when nothing waited to be refused", () => {
    const history = new HistoryBuilder().add("agent.state", {
      from: "Idle",
      to: "Paused",
      event: "paused",
      reason: "",
    });
    expect(judge(history, "no-intake", { queuedMin: 1 }).result).toBe("unknown");
    history.add("broker.job", { jobId: "job-1", from: null, to: "queued", epoch: 0, reason: "" });
    expect(judge(history, "no-intake", { queuedMin: 1 }).result).toBe("pass");
  });
});

describe("withdrawal-measured", () => {
  it("fails on a withdrawal that took longer than its deadline", () => {
    const history = new HistoryBuilder().add("witness.withdrawn", { tookMs: 19_000, deadlineMs: 10_000 });
    expect(judge(history, "withdrawal-measured", { reportsMin: 0 }).detail).toContain("19000 ms of 10000");
  });
});

describe("results-correct", () => {
  it("fails on a wrong result and is unknown on too few", () => {
    const right = () =>
      new HistoryBuilder().add("witness.result", { jobId: "job-1", correct: true, startedFrom: 0, detail: "" });
    expect(judge(right(), "results-correct").result).toBe("pass");
    expect(judge(right(), "results-correct", { resultsMin: 2 }).result).toBe("unknown");
    expect(
      judge(
        right().add("witness.result", { jobId: "job-2", correct: false, startedFrom: 0, detail: "got x" }),
        "results-correct",
      ).result,
    ).toBe("fail");
  });
});

describe("judgeExpectation", () => {
  it("turns a pass on lost evidence into unknown", () => {
    const history = new HistoryBuilder().add("witness.revoked-key", { status: 401, code: "revoked" });
    expect(judgeExpectation(history.records, { checker: "key-revoked" }, ["a torn line"]).result).toBe("unknown");
  });
  it("gives unknown when a checker throws", () => {
    const broken = [{ type: "broker.offered" }] as never;
    expect(judgeExpectation(broken, { checker: "lease-exclusivity" }, []).result).toBe("unknown");
  });
});
