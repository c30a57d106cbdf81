import { describe, expect, it } from "vitest";

import { agentId, answered, HistoryBuilder, reportOf } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "withdrawal-told";
const heard = { ...answered, command: "withdraw", report: reportOf() } as const;
const revoked = () =>
  new HistoryBuilder().start().add("broker.agent", { agentId, standing: "revoked", reason: "it withdrew" });

describe("withdrawal-told", () => {
  it("passes when the owner hears what was written, and the broker has revoked the key", () => {
    const history = revoked().withdrawal().add("witness.answered", heard);
    expect(judge(history, name)).toMatchObject({ result: "pass", detail: "1 reports told" });
    const refused = revoked().add("witness.answered", { ...heard, ok: false, code: "ended", report: null });
    expect(judge(refused, name).result).toBe("unknown");
  });

  it("fails when the owner hears of no report, or of another, or of one that nobody wrote", () => {
    const another = { ...heard, report: reportOf({ attempts: 2 }) };
    expect(judge(revoked().withdrawal().add("witness.answered", another), name).detail).toContain("another report");
    const none = { ...heard, report: null };
    expect(judge(revoked().withdrawal().add("witness.answered", none), name).result).toBe("fail");
    expect(judge(revoked().add("witness.answered", heard), name).detail).toContain("wrote no report");
  });

  it("fails when the key is called revoked and the broker never did it, unless it did not live to tell", () => {
    expect(judge(new HistoryBuilder().start().withdrawal(), name).result).toBe("fail");
    const lost = { fault: "lose-history", target: "broker", detail: "", subjects: [agentId] };
    expect(judge(new HistoryBuilder().add("fault.applied", lost).withdrawal(), name).result).toBe("unknown");
    expect(judge(new HistoryBuilder().withdrawal({ keyRevoked: "deferred" }), name).result).toBe("unknown");
  });
});
