import { describe, expect, it } from "vitest";

import { checkpointAt, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "progress-kept";

describe("progress-kept", () => {
  it("fails when a job ends behind its checkpoint", () => {
    const saved = () => new HistoryBuilder().save(1, 1, 5);
    expect(judge(saved().release(1, 1, "completed", { progress: 9 }), name).result).toBe("pass");
    expect(judge(saved().release(1, 2, "completed", { progress: 2 }), name).result).toBe("fail");
    expect(judge(saved().release(1, 2, "cancelled", { progress: 2 }), name).result).toBe("unknown");
  });

  const from = (startedFrom: number) =>
    new HistoryBuilder()
      .release(1, 1, "handed-back", { checkpoint: checkpointAt(5) })
      .add("witness.result", { jobId: "job-1", correct: true, startedFrom, detail: "" });

  it("fails when the next holder began at zero, however right its result is", () => {
    expect(judge(from(0), name).result).toBe("fail");
  });

  it("does not fail one that began where the checkpoint ends", () => {
    expect(judge(from(5), name).result).not.toBe("fail");
  });
});
