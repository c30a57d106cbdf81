import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

describe("resume-thaws", () => {
  const resume = (extra: object) =>
    judge(new HistoryBuilder().add("witness.resume", { latencyMs: 1, processes: 3, ...extra }), "resume-thaws").result;

  it("fails when a process is still stopped after the answer", () => {
    expect(resume({ stopped: 1 })).toBe("fail");
    expect(resume({ stopped: 0 })).toBe("pass");
  });

  it("is unknown when the witness could not tell, or there was nothing to be let go", () => {
    expect(resume({})).toBe("unknown");
    expect(resume({ stopped: 0, processes: 0 })).toBe("unknown");
  });
});
