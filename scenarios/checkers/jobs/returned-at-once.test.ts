import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

type Told = Partial<HistoryData<"broker.job">>;

describe("returned-at-once", () => {
  const after = (how: HistoryData<"broker.released">["how"], told: Told) => {
    const job = { jobId: "job-1", from: "leased", to: "queued", epoch: 1, reason: "handed back: it withdrew" } as const;
    return judge(
      new HistoryBuilder()
        .lease(1, 1)
        .release(1, 1, how)
        .add("broker.job", { ...job, ...told }),
      name,
    );
  };
  const name = "returned-at-once";
  const backoff = { ms: 500, until: 2_000 };

  it("passes what was given back and is queued at once", () => {
    expect(after("handed-back", {})).toMatchObject({ result: "pass", detail: "1 were given back" });
  });

  it("fails where it waits first, or has failed for that", () => {
    expect(after("handed-back", { backoff })).toMatchObject({ result: "fail" });
    expect(after("handed-back", { to: "failed" }).detail).toBe("job-1 was given back and is failed");
  });

  it("has nothing against the wait after an attempt that failed at its donor, or whose holder vanished", () => {
    expect(after("handed-back", { backoff, reason: "handed back: it could not be started: no" }).result).toBe(
      "unknown",
    );
    expect(after("agent-lost", { backoff }).result).toBe("unknown");
  });
});
