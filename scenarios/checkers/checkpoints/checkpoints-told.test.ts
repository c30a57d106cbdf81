import { describe, expect, it } from "vitest";

import { agentId, checkpointAt, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "checkpoints-told";
/** It may take 700 ms until the broker has heard of one. */
const settings = { latencyMsMax: 50, checkpointBytesMax: 100 };
const beat = { agentId, state: "Working", slotsFree: 0, offers: 0 } as const;

const digest = (letter: string) => ({ ...checkpointAt(3), manifestDigest: letter.repeat(64) });
const save = (history: HistoryBuilder, letter: string, archiveBytes = 100) => {
  const checkpoint = { ...digest(letter), archiveBytes };
  const data = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, checkpoint, trigger: "", durationMs: 1 };
  return history.add("agent.checkpoint", data);
};
const woke = (history: HistoryBuilder) => history.add("agent.woke", { cause: "timer" });
const release = (history: HistoryBuilder, letter: string | null, how: "expired" | "completed" = "expired") =>
  history.release(1, 1, how, { checkpoint: letter === null ? null : digest(letter) });
const result = (startedFrom: number | null) => ({ jobId: "job-1", correct: true, startedFrom, detail: "" });

describe("checkpoints-told", () => {
  it("passes a lease that ends with its newest checkpoint at the broker", () => {
    const history = release(woke(save(new HistoryBuilder(), "d").wait(800)), "d");
    expect(judge(history, name, settings)).toMatchObject({ result: "pass", detail: "1 leases ended with theirs" });
  });

  it.each(["expired", "completed"] as const)("fails one that was %s with none, or with an earlier one", (how) => {
    expect(judge(release(woke(save(new HistoryBuilder(), "d").wait(800)), null, how), name, settings).result).toBe(
      "fail",
    );
    const twice = save(woke(save(new HistoryBuilder(), "d").wait(800)), "e").wait(800);
    expect(judge(release(woke(twice), "d", how), name, settings).detail).toContain(
      "never heard of the last checkpoint",
    );
  });

  it("does not ask for what was on its way when a signal ended the agent", () => {
    const saved = () => save(new HistoryBuilder().start(), "d");
    const exits = (history: HistoryBuilder, how: "interrupted" | "shutdown", who = agentId) =>
      history.add("witness.exit", { agentId: who, how });
    const later = (history: HistoryBuilder) => release(woke(history.wait(800)), null);
    expect(judge(later(exits(saved().wait(300), "interrupted")), name, settings).result).toBe("unknown");
    expect(judge(later(exits(saved().wait(300), "interrupted", "b".repeat(64))), name, settings).result).toBe("fail");
    expect(judge(later(exits(saved().wait(300), "shutdown")), name, settings).result).toBe("unknown");
    // It may have got through all the same, in place of one before.
    const both = exits(save(woke(saved().wait(800)), "e"), "interrupted");
    expect(judge(release(both, "e"), name, settings).result).toBe("pass");
    expect(judge(later(exits(woke(saved().wait(800)), "interrupted")), name, settings).result).toBe("fail");
  });

  it("tells the time by the broker's clock too", () => {
    const history = save(new HistoryBuilder(), "d").add("broker.heartbeat", beat, "broker").wait(800);
    history.add("broker.released", { ...beatlessRelease, checkpoint: null }, "broker");
    expect(judge(history, name, settings).result).toBe("fail");
  });

  it("passes what may still be on its way, and a newer one in its place", () => {
    expect(judge(release(woke(save(new HistoryBuilder(), "d").wait(600)), null), name, settings).result).toBe(
      "unknown",
    );
    const history = () => save(woke(save(new HistoryBuilder(), "d").wait(800)), "e");
    expect(judge(release(history(), "d"), name, settings).result).toBe("pass");
    expect(judge(release(history(), "e"), name, settings).result).toBe("pass");
  });

  it("gives one of several chunks the time of a question, of each of them, and of its manifest", () => {
    // A question, three chunks, the manifest, the word of it: 350 ms each.
    const inChunks = { ...settings, uploadChunkBytes: 40 };
    const after = (waitMs: number) => release(woke(save(new HistoryBuilder(), "d").wait(waitMs)), null);
    expect(judge(after(2_050), name, inChunks).result).toBe("unknown");
    expect(judge(after(2_150), name, inChunks).result).toBe("fail");
  });

  it("asks for none that the broker does not take", () => {
    expect(judge(release(woke(save(new HistoryBuilder(), "d", 101).wait(800)), null), name, settings).result).toBe(
      "unknown",
    );
  });

  it("fails when the next holder does not begin where the job had got to", () => {
    const history = () => release(woke(save(new HistoryBuilder(), "d").wait(800)), "d");
    expect(judge(history().add("witness.result", result(3)), name, settings).result).toBe("pass");
    expect(judge(history().add("witness.result", result(null)), name, settings).result).toBe("pass");
    expect(judge(history().add("witness.result", result(0)), name, settings).detail).toContain(
      "was gone on with from 0",
    );
    const fromNothing = release(new HistoryBuilder(), null).add("witness.result", result(2));
    expect(judge(fromNothing, name, settings).result).toBe("fail");
  });
});

const beatlessRelease = {
  ...{ jobId: "job-1", leaseId: "lease-1-1", epoch: 1, agentId },
  ...({ how: "expired", progress: 3 } as const),
};
