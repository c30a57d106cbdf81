import { describe, expect, it } from "vitest";

import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const settings = { latencyMsMax: 10, slots: 2 };
const verdict = (history: HistoryBuilder) => judge(history, "work-offered", settings);

const submitted = (history: HistoryBuilder, ...jobs: readonly number[]) => {
  for (const job of jobs) history.job(job, null, "queued");
  return history;
};
const offered = (history: HistoryBuilder, job: number) =>
  history.job(job, "queued", "offered").add("broker.offered", { ...grant(job, 1), expiresAt: 1 });
const beat = (history: HistoryBuilder, slotsFree: number, offers: number, state: "Idle" | "Paused" = "Idle") =>
  history.add("broker.heartbeat", { agentId, instanceId: "one", state, slotsFree, offers });
const started = () => new HistoryBuilder().start();

describe("work-offered", () => {
  it("passes when a heartbeat is answered with all that there is room for", () => {
    const history = submitted(started(), 1, 2, 3);
    expect(verdict(beat(offered(offered(history, 1), 2), 2, 2))).toMatchObject({ result: "pass", detail: "2 offers" });
  });

  it("fails when a slot is left free while a job waits", () => {
    expect(verdict(beat(submitted(started(), 1), 1, 0)).detail).toContain("left free while a job waited");
    expect(verdict(beat(offered(submitted(started(), 1, 2), 1), 2, 1)).result).toBe("fail");
  });

  it("expects nothing for a slot that the broker counts as taken, nor for whoever takes no work", () => {
    const full = offered(offered(submitted(started(), 1, 2, 3), 1), 2);
    expect(verdict(beat(full, 1, 0)).result).toBe("pass");
    expect(verdict(beat(offered(submitted(started(), 1, 2), 1), 2, 0, "Paused")).result).toBe("pass");
  });

  it("fails when more is offered than there is room for", () => {
    const history = offered(offered(submitted(started(), 1, 2), 1), 2);
    expect(verdict(beat(history, 1, 2)).detail).toContain("more jobs were offered");
    const third = offered(offered(offered(submitted(started(), 1, 2, 3), 1), 2), 3);
    expect(verdict(third).detail).toContain("more jobs than it has slots");
    expect(verdict(beat(offered(submitted(started(), 1), 1), 2, 1, "Paused")).result).toBe("fail");
  });

  it("fails when whoever has room is not told of a job that came in", () => {
    const history = submitted(beat(started(), 1, 0).wait(5_000), 1).wait(300);
    expect(verdict(submitted(history, 2)).detail).toContain("has had room for too long");
  });

  it("gives the word its time, and lets whoever declined ask with its next heartbeat", () => {
    const history = submitted(beat(started(), 1, 0), 1).wait(200);
    expect(verdict(offered(submitted(history, 2), 1)).result).toBe("pass");
    const declined = offered(submitted(beat(started(), 2, 0), 1), 1).release(1, 1, "declined");
    expect(verdict(submitted(submitted(beat(declined, 2, 0), 2).wait(300), 3)).result).toBe("pass");
  });

  it("expects what an agent could not start with the heartbeat after a while, and everything else at once", () => {
    const failed = () => {
      const history = offered(submitted(started(), 1), 1).execution(1, "spawning", "failed");
      return history.release(1, 1, "handed-back").job(1, "leased", "queued");
    };
    expect(verdict(beat(failed(), 2, 0)).result).toBe("pass");
    expect(verdict(beat(beat(failed(), 2, 0).wait(60_000), 2, 0).wait(100)).result).toBe("pass");
    expect(verdict(beat(failed().wait(60_300), 2, 0)).detail).toContain("left free while a job waited");
    expect(verdict(beat(submitted(failed(), 2), 2, 0)).detail).toContain("left free while a job waited");
    const again = failed().add("broker.enrolled", { agentId, instanceId: "two", again: true });
    expect(verdict(beat(again, 2, 0)).result).toBe("fail");
  });

  it("expects what waits after a failed attempt as soon as that is over, and word of it, and not before", () => {
    const waiting = () => {
      const history = offered(submitted(started(), 1), 1).release(1, 1, "expired");
      const queued = { jobId: "job-1", from: "leased", to: "queued", epoch: 1, reason: "" } as const;
      return history.add("broker.job", { ...queued, backoff: { ms: 5_000, until: history.nowMs + 5_000 } });
    };
    expect(verdict(beat(waiting(), 2, 0)).result).toBe("pass");
    expect(verdict(beat(waiting().wait(5_300), 2, 0)).detail).toContain("left free while a job waited");
    // The release sets everybody free to ask by themselves; that is over after a heartbeat.
    const hungry = () => beat(waiting(), 2, 0).wait(4_900);
    expect(verdict(submitted(hungry(), 2)).result).toBe("pass");
    const later = beat(waiting().wait(4_000), 2, 0).wait(80_000);
    expect(verdict(submitted(later, 2)).detail).toContain("has had room for too long");
  });

  it("expects nothing of whoever drops out", () => {
    const history = beat(started().add("broker.enrolled", { agentId, instanceId: "one", again: false }), 1, 0);
    const pausing = submitted(
      beat(started().add("broker.enrolled", { agentId, instanceId: "one", again: false }), 1, 0).freeze(),
      1,
    );
    expect(verdict(offered(submitted(pausing.wait(900), 2), 1)).result).toBe("pass");
    const dropped = submitted(history.state("Idle", "Paused", "paused"), 1).wait(900);
    expect(verdict(offered(submitted(dropped, 2), 1)).result).toBe("pass");
  });

  it("cannot tell where nothing was offered", () => {
    expect(verdict(beat(started(), 1, 0)).result).toBe("unknown");
  });
});
