import { describe, expect, it } from "vitest";

import { agentId, checkpointAt, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "shutdown-handover";
const begin = (history: HistoryBuilder) => history.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });
const end = (history: HistoryBuilder) => history.add("agent.shutdown", { trigger: "SIGTERM", stage: "end" });
const tell = (history: HistoryBuilder) => history.add("broker.agent", { agentId, standing: "shutdown", reason: "" });
const enrolled = () => new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled");
const works = () => enrolled().lease(1, 1).execution(1, "spawning", "running");
const saved = (history: HistoryBuilder) => history.save(1, 1, 5);
const stops = (history: HistoryBuilder) => history.execution(1, "running", "killing").execution(1, "killing", "killed");
const back = (history: HistoryBuilder, checkpoint: ReturnType<typeof checkpointAt> | null = checkpointAt(5)) =>
  history.release(1, 1, "handed-back", { checkpoint });
const verdict = (history: HistoryBuilder) => judge(history, name).result;

describe("shutdown-handover", () => {
  it("passes when everything goes back as it stands, and counts it", () => {
    const history = end(tell(back(stops(saved(begin(works()))))));
    expect(judge(history, name)).toMatchObject({ result: "pass", detail: "1 shutdowns" });
  });

  it("fails when the broker is not told, or is told twice, or of nothing", () => {
    expect(judge(end(begin(enrolled())), name).detail).toContain("not told of a shutdown");
    expect(judge(tell(tell(begin(enrolled()))), name).detail).toContain("told twice");
    expect(judge(tell(enrolled()), name).detail).toContain("never began");
  });

  it("fails when a lease is kept, unless its result is on its way or it cannot be killed", () => {
    expect(judge(end(tell(stops(saved(begin(works()))))), name).detail).toContain("lease-1-1 was not handed back");
    expect(verdict(end(tell(begin(works()).execution(1, "running", "killing"))))).toBe("pass");
    expect(verdict(end(tell(begin(works()).execution(1, "running", "completed"))))).toBe("pass");
  });

  it("fails when it goes back without its newest checkpoint, or unsaved", () => {
    const newer = { ...checkpointAt(7), archiveDigest: "d".repeat(64) };
    expect(judge(back(stops(saved(begin(works()))), newer), name).detail).toContain("without its newest checkpoint");
    expect(judge(back(stops(begin(works())), null), name).detail).toContain("ran, and went back unsaved");
  });

  it("fails when a snapshot is given up before its time, or something of a lease that went back stays behind", () => {
    const failure = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", reason: "" };
    expect(judge(begin(works()).add("agent.checkpoint-failed", failure), name).detail).toContain(
      "there was time for it",
    );
    const resource = "directory:/home/checkpoints/lease-1-1";
    const made = () => begin(works().add("witness.resource", { agentId, change: "made", resource }));
    const over = (history: HistoryBuilder) => tell(back(stops(saved(history))));
    expect(judge(end(over(made())), name).detail).toContain("a shutdown left directory:");
    expect(verdict(end(over(made()).add("witness.resource", { agentId, change: "gone", resource })))).toBe("pass");
  });

  it("has nothing to say when a snapshot failed or came too late, or the owner was in a hurry", () => {
    const failure = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, trigger: "", reason: "" };
    const failed = begin(works()).wait(30_000).add("agent.checkpoint-failed", failure);
    expect(verdict(end(tell(back(stops(failed), null))))).toBe("pass");
    const late = back(stops(saved(begin(works()).wait(29_990))), null);
    expect(verdict(end(tell(late)))).toBe("pass");
    const hurried = begin(works()).add("witness.signal", { agentId, signal: "SIGTERM" });
    expect(verdict(end(tell(back(stops(hurried), null))))).toBe("pass");
  });

  it("lets a job keep its lease that was waited for no longer, and ended while the broker was told", () => {
    const signal = { agentId, signal: "SIGTERM" };
    const given = (ms: number) =>
      begin(works()).add("witness.signal", signal).execution(1, "running", "killing").wait(ms);
    const killed = (history: HistoryBuilder) => history.execution(1, "killing", "killed");
    expect(verdict(end(killed(tell(given(2_000)))))).toBe("pass");
    expect(judge(end(killed(tell(given(1_000)))), name).detail).toContain("was not handed back");
    expect(judge(end(tell(killed(given(2_000)).wait(500))), name).detail).toContain("was not handed back");
  });

  it("has nothing to say of who has not enrolled, or withdraws", () => {
    expect(verdict(end(begin(new HistoryBuilder().start())))).toBe("unknown");
    const leaving = begin(enrolled()).state("Idle", "Withdrawing", "withdrawAsked");
    expect(verdict(end(leaving))).toBe("unknown");
  });
});
