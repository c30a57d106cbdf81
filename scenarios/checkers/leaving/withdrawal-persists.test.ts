import { describe, expect, it } from "vitest";

import type { WithdrawalReport } from "../../../protocol/withdrawal-report.ts";
import { agentId, HistoryBuilder, stepsOf } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "withdrawal-persists";
const asked = { agentId, request: 1, command: "withdraw", withinMs: 11_000, deadlineMs: 10_000 } as const;
const begun = () =>
  new HistoryBuilder().start().add("witness.asked", asked).state("Idle", "Withdrawing", "withdrawAsked");
const call = (history: HistoryBuilder, route: string) => history.add("witness.call", { agentId, route });
const told = (history: HistoryBuilder, code: string, route = "withdraw") =>
  call(history, route).add("witness.heard", { agentId, route, code });
/** Its hand-back was over so long after it began. */
const judged = (history: HistoryBuilder, handBackMs: number, extra: Partial<WithdrawalReport> = {}) => {
  const outcome = extra.keyRevoked === "deferred" ? "deferred" : "done";
  const steps = stepsOf({ "hand-back": { outcome, durationMs: handBackMs - 80 } });
  return judge(history.withdrawal({ steps, startedAt: 1_002, ...extra }), name);
};
const deferred = { keyRevoked: "deferred" } as const;

describe("withdrawal-persists", () => {
  it("passes when the report says what the broker answered", () => {
    expect(judged(told(begun(), "ok"), 100)).toMatchObject({ result: "pass", detail: "1 withdrawals" });
    expect(judged(told(begun(), "revoked"), 100).result).toBe("pass");
    expect(judged(told(begun(), "unknown-agent"), 100, { keyRevoked: "no-key" }).result).toBe("pass");
    expect(judge(begun(), name).result).toBe("unknown");
  });

  it("fails when it says another thing", () => {
    expect(judged(told(begun(), "unreachable"), 100).detail).toContain("never answered so");
    expect(judged(told(begun(), "ok"), 100, { keyRevoked: "no-key" }).result).toBe("fail");
    expect(judged(told(begun(), "ok"), 9_100, deferred).detail).toContain("calls it deferred");
    const alive = told(told(begun(), "ok"), "ok", "probe");
    expect(judged(alive, 9_100, deferred).result).toBe("pass");
  });

  it("fails when the broker is given up before the time for it is over, or three attempts are", () => {
    expect(judged(told(begun(), "unreachable"), 5_000, deferred).detail).toContain("given up after 1 failures");
    const thrice = told(told(told(begun(), "unreachable").wait(250), "unreachable").wait(500), "unreachable");
    expect(judged(thrice, 5_000, deferred).result).toBe("pass");
    expect(judged(told(begun(), "unreachable").wait(10), 9_000, deferred).detail).toContain("was not told again");
    expect(judged(call(told(begun(), "unreachable").wait(250), "withdraw"), 9_000, deferred).result).toBe("pass");
  });

  it("does not count an enrolment from before that fails while the withdrawal is on its way", () => {
    const before = call(begun(), "withdraw").add("witness.heard", { agentId, route: "enrol", code: "unreachable" });
    const heard = (code: string) =>
      before.wait(4_000).add("witness.heard", { agentId, route: "withdraw", code }).wait(10);
    expect(judged(heard("ok"), 9_000).result).toBe("pass");
    const alone = begun().add("witness.heard", { agentId, route: "enrol", code: "unreachable" });
    expect(judged(alone, 9_000, deferred).detail).toContain("was not told again");
  });

  it("fails when a fenced instance tells again before it has enrolled", () => {
    expect(judged(told(told(begun(), "fenced"), "ok"), 100).detail).toContain("heeded another instance");
    expect(judged(told(told(told(begun(), "fenced"), "ok", "enrol"), "ok"), 100).result).toBe("pass");
  });

  it("does not count from a wish that went down with the instance that was asked", () => {
    const answered = { agentId, request: 1, command: "withdraw", ok: false, code: "ended", waitedMs: 0 } as const;
    const later = new HistoryBuilder()
      .start()
      .add("witness.asked", asked)
      .add("witness.answered", { ...answered, pause: null, report: null })
      .wait(19_000)
      .state("Idle", "Withdrawing", "withdrawAsked");
    expect(judged(told(later, "revoked"), 100)).toMatchObject({ result: "pass", detail: "1 withdrawals" });
  });

  it("says nothing of times that are not known: of one hurried, resumed, or that stood still", () => {
    const again = told(begun().add("witness.asked", asked), "unreachable");
    expect(judged(again, 5_000, deferred).result).toBe("pass");
    const hurried = told(begun().add("witness.signal", { agentId, signal: "SIGTERM" }), "unreachable");
    expect(judged(hurried, 5_000, deferred).result).toBe("pass");
    expect(judged(told(begun(), "unreachable"), 5_000, { ...deferred, attempts: 2 }).result).toBe("pass");
    const fault = { fault: "stall-agent", target: agentId, detail: "", subjects: [] };
    const stood = told(begun().add("fault.applied", fault), "unreachable");
    expect(judged(stood, 5_000, deferred).result).toBe("unknown");
  });
});
