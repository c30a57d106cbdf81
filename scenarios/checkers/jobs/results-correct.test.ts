import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

describe("results-correct", () => {
  const result = (correct: boolean) =>
    new HistoryBuilder().add("witness.result", { jobId: "job-1", correct, startedFrom: 0, detail: "got x" });

  it("fails on a wrong result and is unknown on too few", () => {
    expect(judge(result(true), "results-correct").result).toBe("pass");
    expect(judge(result(true), "results-correct", { resultsMin: 2 }).result).toBe("unknown");
    expect(judge(result(false), "results-correct")).toMatchObject({ result: "fail", detail: "job-1: got x" });
  });
});
