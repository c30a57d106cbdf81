import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "shutdown-bound";
const brisk = { terminateGraceMs: 500, latencyMsMax: 10 };
const signal = (history: HistoryBuilder) => history.add("witness.signal", { agentId, signal: "SIGTERM" });
const begin = (history: HistoryBuilder) => history.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });
const exit = (history: HistoryBuilder, how: "shutdown" | "interrupted" = "shutdown") =>
  history.add("witness.exit", { agentId, how });
const asked = () => begin(signal(new HistoryBuilder().start()));
const verdict = (history: HistoryBuilder) => judge(history, name, brisk).result;

describe("shutdown-bound", () => {
  it("passes when a process ends in time, and counts it", () => {
    expect(judge(exit(asked().wait(800)), name, brisk)).toMatchObject({ result: "pass", detail: "1 ends" });
  });

  it("fails when it takes longer, unless a snapshot or a job that would not die took that time", () => {
    expect(judge(exit(asked().wait(1_000)), name, brisk).detail).toContain("ought to have in 880");
    const data = {
      checkpoint: {
        manifestDigest: "b".repeat(64),
        archiveDigest: "c".repeat(64),
        archiveBytes: 1,
        progress: 1,
        number: 1,
      },
    };
    const saved = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", durationMs: 900, ...data };
    expect(verdict(exit(asked().wait(1_000).add("agent.checkpoint", saved)))).toBe("pass");
    const inChunks = (archiveBytes: number) => ({
      ...{ ...saved, durationMs: 0 },
      checkpoint: { ...data.checkpoint, archiveBytes },
    });
    const uploads = (archiveBytes: number) => exit(asked().wait(1_000).add("agent.checkpoint", inChunks(archiveBytes)));
    expect(verdict(uploads(3 * 1024 * 1024))).toBe("pass");
    expect(verdict(uploads(1024 * 1024))).toBe("fail");
    const stuck = asked().execution(1, "running", "killing").wait(9_000);
    expect(verdict(exit(stuck))).toBe("pass");
    expect(verdict(exit(stuck.execution(1, "killing", "killed").wait(100)))).toBe("pass");
  });

  it("gives it the time that it waited for a snapshot of what the broker took away then", () => {
    const ends = (history: HistoryBuilder) =>
      exit(history.execution(1, "running", "killing").execution(1, "killing", "killed").wait(100));
    expect(verdict(ends(asked().freeze().wait(900).release(1, 1, "cancelled")))).toBe("pass");
    expect(verdict(ends(asked().freeze().wait(900)))).toBe("fail");
    const late = asked().freeze().wait(100).release(1, 1, "cancelled").execution(1, "running", "killing");
    expect(verdict(exit(late.execution(1, "killing", "killed").wait(1_000)))).toBe("fail");
  });

  it("fails when nobody had asked, or a goodbye is all that anybody said and it took too long", () => {
    expect(judge(exit(new HistoryBuilder().start()), name, brisk).detail).toContain("nobody had asked");
    const goodbye = () =>
      new HistoryBuilder().start().add("witness.command", { agentId, by: "broker", command: "goodbye", reason: "" });
    expect(verdict(exit(begin(goodbye())))).toBe("pass");
    expect(verdict(exit(begin(goodbye()).wait(1_000)))).toBe("fail");
  });

  it("takes the last goodbye that was said before it began to leave for the one that it left for", () => {
    const goodbye = (history: HistoryBuilder) =>
      history.add("witness.command", { agentId, by: "broker", command: "goodbye", reason: "" });
    const unheard = goodbye(new HistoryBuilder().start()).wait(5_000);
    expect(verdict(exit(begin(goodbye(unheard)).wait(800)))).toBe("pass");
    expect(verdict(exit(goodbye(begin(unheard)).wait(800)))).toBe("fail");
  });

  it("gives it the time that its freeze waited for jobs that cooperate, also after a pause that was called off", () => {
    const told = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "SIGTERM", waitedMs: 0 };
    const waits = () =>
      begin(signal(new HistoryBuilder().start().add("agent.cooperation", { ...told, stage: "asked" })));
    expect(verdict(exit(waits().wait(2_000).freeze().wait(800)))).toBe("pass");
    expect(verdict(exit(waits().wait(2_000).freeze().thaw().wait(800)))).toBe("pass");
    expect(verdict(exit(waits().wait(2_000).freeze().wait(1_000)))).toBe("fail");
    // A second signal ends that wait; it counts from the first one, not from the freeze.
    const hurried = () => signal(waits().wait(400).freeze().wait(200));
    expect(verdict(exit(hurried().wait(300)))).toBe("pass");
    expect(verdict(exit(hurried().wait(500)))).toBe("fail");
  });

  it("gives it less time after the second signal, and none after the third", () => {
    expect(verdict(exit(signal(asked().wait(600)).wait(300)))).toBe("pass");
    expect(verdict(exit(signal(asked().wait(600)).wait(500)))).toBe("fail");
    const stuck = () => asked().execution(1, "running", "killing");
    const thrice = () => signal(signal(stuck().wait(600)).wait(600));
    expect(verdict(exit(thrice(), "interrupted"))).toBe("pass");
    expect(verdict(exit(thrice().wait(20), "interrupted"))).toBe("fail");
    expect(judge(exit(thrice()), name, brisk).detail).toContain("after 3 signals");
  });

  it("takes what comes within a moment for one wish", () => {
    expect(verdict(exit(signal(signal(asked()).wait(400)).wait(300)))).toBe("pass");
    expect(verdict(exit(signal(signal(asked()).wait(400)), "interrupted"))).toBe("fail");
  });

  it("counts that moment from the end of a freeze, which nobody is heard in, and not from the stop of a latecomer", () => {
    const stuck = () => asked().execution(1, "running", "killing");
    const frozen = (freezeMs: number) =>
      stuck()
        .freeze(1, 1)
        .wait(freezeMs - 2)
        .freeze(2, freezeMs);
    const thrice = (history: HistoryBuilder) => exit(signal(signal(history).wait(600)), "interrupted");
    expect(verdict(thrice(frozen(300).wait(300)))).toBe("pass");
    const held = () => stuck().wait(300).freeze(1, 300);
    expect(verdict(thrice(held().wait(300)))).toBe("fail");
    expect(verdict(thrice(held().wait(600)))).toBe("pass");
  });

  it("fails when a signal is not heard, or one that had nothing to do goes on", () => {
    const beat = { agentId, state: "Idle", slotsFree: 1, offers: 0 } as const;
    const later = (history: HistoryBuilder, ms: number) => history.wait(ms).add("broker.heartbeat", beat);
    expect(judge(later(signal(new HistoryBuilder().start()), 150), name, brisk).detail).toContain("had no effect");
    expect(judge(later(asked(), 2_000), name, brisk).detail).toContain("goes on 2002 ms after 1 signals");
    const offer = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, answer: "accepted", reason: "" } as const;
    const works = () => new HistoryBuilder().start().add("agent.offer", offer);
    expect(verdict(exit(later(begin(signal(works())), 800)))).toBe("pass");
    expect(verdict(later(begin(signal(works())), 2_000))).toBe("unknown");
  });

  it("has nothing to say of who withdraws", () => {
    const leaving = new HistoryBuilder().start().state("Idle", "Withdrawing", "withdrawAsked");
    expect(verdict(exit(signal(leaving).wait(9_000)))).toBe("unknown");
  });
});
