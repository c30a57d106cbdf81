import { describe, expect, it } from "vitest";

import type { WithdrawalReport } from "../../../protocol/withdrawal-report.ts";
import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "withdrawal-measured";

describe("withdrawal-measured", () => {
  const report = (extra: Partial<WithdrawalReport>) => judge(new HistoryBuilder().withdrawal(extra), name).result;

  it("passes on a clean report with a confirmed revocation", () => {
    expect(report({})).toBe("pass");
    expect(judge(new HistoryBuilder().withdrawal(), name, { reportsMin: 2 }).result).toBe("unknown");
  });

  it("fails on a step that failed, on one that is not clean, and on a key that is not known to be dead", () => {
    expect(report({ steps: [{ step: "terminate", outcome: "failed", durationMs: 1, measured: "1 alive" }] })).toBe(
      "fail",
    );
    expect(report({ clean: false })).toBe("fail");
    expect(report({ keyRevoked: "deferred" })).toBe("fail");
  });
});
