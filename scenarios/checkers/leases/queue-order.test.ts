import { describe, expect, it } from "vitest";

import { grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "queue-order");

const submitted = (...jobs: readonly number[]) => {
  const history = new HistoryBuilder().start();
  for (const job of jobs) history.job(job, null, "queued");
  return history;
};
const offered = (history: HistoryBuilder, job: number, epoch = 1) =>
  history.job(job, "queued", "offered").add("broker.offered", { ...grant(job, epoch), expiresAt: 1 });
const back = (history: HistoryBuilder, job: number) =>
  history.release(job, 1, "handed-back").job(job, "leased", "queued");

describe("queue-order", () => {
  it("passes when the first that came is the first that is offered", () => {
    expect(verdict(offered(offered(submitted(1, 2), 1), 2))).toMatchObject({ result: "pass", detail: "2 offers" });
    expect(verdict(offered(submitted(1, 2), 2)).detail).toContain("job-2 was offered, and job-1 was the next");
  });

  it("puts what was given back before all others", () => {
    const history = () => back(offered(submitted(1, 2, 3), 1), 1);
    expect(verdict(offered(history(), 1, 2)).result).toBe("pass");
    expect(verdict(offered(history(), 2)).result).toBe("fail");
  });

  it("puts what could not be started behind all others", () => {
    const history = () => back(offered(submitted(1, 2), 1).execution(1, "spawning", "failed"), 1);
    expect(verdict(offered(offered(history(), 2), 1, 2)).result).toBe("pass");
    expect(verdict(offered(history(), 1, 2)).result).toBe("fail");
  });

  it("puts it behind when an agent declines it for that, and in front when it declines it for anything else", () => {
    const declined = (reason: string) => {
      const failed = back(offered(submitted(1, 2), 1).execution(1, "spawning", "failed"), 1).wait(61_000);
      const { agentId: _agentId, ...lease } = grant(1, 2);
      const again = offered(offered(failed, 2), 1, 2).job(3, null, "queued");
      again.add("agent.offer", { ...lease, answer: "declined", reason });
      return again.release(1, 2, "declined").job(1, "offered", "queued");
    };
    expect(verdict(offered(declined("this job could not be started on this host before"), 3)).result).toBe("pass");
    expect(verdict(offered(declined("every slot is busy"), 1, 3)).result).toBe("pass");
    expect(verdict(offered(declined("every slot is busy"), 3)).result).toBe("fail");
  });

  it("passes an agent over with what it could not start just now, and nobody else", () => {
    const failed = () => back(offered(submitted(1), 1).execution(1, "spawning", "failed"), 1).job(2, null, "queued");
    expect(verdict(offered(failed(), 2)).result).toBe("pass");
    expect(verdict(offered(offered(failed(), 2), 1, 2)).result).toBe("pass");
    expect(verdict(offered(failed().wait(61_000), 2)).result).toBe("fail");
    const other = { ...grant(2, 1), agentId: "b".repeat(64), expiresAt: 1 };
    expect(verdict(failed().job(2, "queued", "offered").add("broker.offered", other)).result).toBe("fail");
  });

  it("takes either place where its agent left before it could say why", () => {
    const failed = offered(submitted(1, 2), 1).execution(1, "spawning", "failed");
    const left = () => back(failed.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" }), 1);
    expect(verdict(offered(offered(left(), 1, 2), 2)).result).toBe("pass");
  });

  describe("with priorities", () => {
    const ranked = (...priorities: readonly number[]) => {
      const history = new HistoryBuilder().start();
      for (const [index, priority] of priorities.entries()) {
        const job = { jobId: `job-${index + 1}`, from: null, to: "queued", epoch: 0, reason: "" } as const;
        history.add("broker.job", priority === 0 ? job : { ...job, priority });
      }
      return history;
    };

    it("wants the highest first, and within one the order in which they came", () => {
      expect(verdict(offered(offered(offered(ranked(0, 1, 1), 2), 3), 1)).result).toBe("pass");
      expect(verdict(offered(ranked(0, 1), 1)).detail).toContain("job-1 was offered, and job-2 was the next");
      expect(verdict(offered(ranked(1, 1), 2)).result).toBe("fail");
      expect(verdict(offered(ranked(-1, 0), 1)).result).toBe("fail");
    });

    it("wants what was given back to stay behind those of a higher one", () => {
      const history = () =>
        back(offered(ranked(0, 0), 1), 1).add("broker.job", {
          ...{ jobId: "job-3", from: null, to: "queued", epoch: 0, reason: "" },
          priority: 2,
        });
      expect(verdict(offered(offered(offered(history(), 3), 1, 2), 2)).result).toBe("pass");
      expect(verdict(offered(history(), 1, 2)).result).toBe("fail");
    });
  });

  it("passes by what waits after a failed attempt, and wants it in its place when it has", () => {
    const waiting = () => {
      const history = offered(submitted(1, 2, 3), 1).release(1, 1, "expired");
      const queued = { jobId: "job-1", from: "leased", to: "queued", epoch: 1, reason: "" } as const;
      return history.add("broker.job", { ...queued, backoff: { ms: 1_000, until: history.nowMs + 1_000 } });
    };
    expect(verdict(offered(offered(waiting(), 2).wait(1_300), 1, 2)).result).toBe("pass");
    expect(verdict(offered(offered(waiting(), 2).wait(1_300), 3)).detail).toContain("job-1 was the next");
    expect(verdict(offered(waiting(), 3)).detail).toContain("job-2 was the next");
  });

  it("forgets a job that was cancelled", () => {
    expect(verdict(offered(submitted(1, 2).job(1, "queued", "cancelled"), 2)).result).toBe("pass");
  });

  it("fails when an epoch is left out or used again", () => {
    expect(verdict(offered(submitted(1), 1, 2)).detail).toContain("has epoch 2");
    expect(verdict(offered(back(offered(submitted(1), 1), 1), 1, 1)).detail).toContain("has epoch 1");
  });
});
