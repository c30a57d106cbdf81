import { describe, expect, it } from "vitest";

import { agentId, checkpointAt, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "resumed-elsewhere";
const other = "b".repeat(64);
const acknowledged = { agentId, freezeMs: 1, checkpoints: 1 };
const saved = () => new HistoryBuilder().lease(1, 1).save(1, 1, 7).add("broker.pause-acknowledged", acknowledged);
const lost = () => saved().release(1, 1, "agent-lost", { progress: 7, checkpoint: checkpointAt(7) });
const result = (startedFrom: number) => ({ jobId: "job-1", correct: true, startedFrom, detail: "" });
const moved = () => lost().add("broker.leased", { ...grant(1, 2), agentId: other, expiresAt: 1 });

describe("resumed-elsewhere", () => {
  it("passes when another agent goes on from what the broker had", () => {
    expect(judge(moved().add("witness.result", result(7)), name)).toMatchObject({
      result: "pass",
      detail: "1 jobs went on at another agent, from 7 units",
    });
  });

  it("says nothing when nothing was lost, or what was saved had not reached the broker", () => {
    expect(judge(saved(), name).result).toBe("unknown");
    const early = new HistoryBuilder().lease(1, 1).save(1, 1, 7).release(1, 1, "agent-lost", { progress: 0 });
    expect(judge(early, name).result).toBe("unknown");
  });

  it("fails when the job is taken back without its checkpoint", () => {
    expect(judge(saved().release(1, 1, "agent-lost", { progress: 0 }), name).detail).toContain(
      "taken back without the checkpoint",
    );
  });

  it("fails when it goes on nowhere else, or from before the checkpoint", () => {
    expect(judge(lost(), name).detail).toContain("did not go on elsewhere");
    expect(judge(moved().add("witness.result", result(0)), name).detail).toContain("went on elsewhere from 0");
  });
});
