import { describe, expect, it } from "vitest";

import { grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "lease-exclusivity";

describe("lease-exclusivity", () => {
  it("passes when each grant follows the release of the last with a larger epoch", () => {
    const history = new HistoryBuilder().lease(1, 1).release(1, 1, "handed-back").lease(1, 2).lease(2, 1);
    expect(judge(history, name)).toMatchObject({ result: "pass", detail: "3 grants" });
  });

  it("fails on two live leases of one job, and tells both", () => {
    const judgement = judge(new HistoryBuilder().lease(2, 1).lease(1, 1).lease(1, 2), name);
    expect(judgement).toMatchObject({ result: "fail", detail: expect.stringContaining("lease-1-1 was live") });
    expect(judgement.story).toEqual([
      "+0 ms broker one: offered jobId=job-1 leaseId=lease-1-1 epoch=1 agentId=aaaaaaaaaaaa",
      "+2 ms broker one: offered jobId=job-1 leaseId=lease-1-2 epoch=2 agentId=aaaaaaaaaaaa",
    ]);
  });

  it("is not misled by the release of an earlier lease", () => {
    const history = new HistoryBuilder().lease(1, 1).release(1, 1, "expired").lease(1, 2).release(1, 1, "expired");
    expect(judge(history.lease(1, 3), name).result).toBe("fail");
  });

  it.each(["expired", "completed"] as const)("fails on an epoch that does not grow after one that was %s", (how) => {
    const history = new HistoryBuilder().lease(1, 2).release(1, 2, how).lease(1, 2);
    expect(judge(history, name)).toMatchObject({ result: "fail", detail: expect.stringContaining("2 after epoch 2") });
  });

  it("remembers the epoch of a settled job", () => {
    const settled = new HistoryBuilder().lease(1, 2).release(1, 2, "cancelled").job(1, "leased", "cancelled");
    expect(judge(settled.lease(1, 1), name).result).toBe("fail");
  });

  it("counts epochs across restarts of the broker", () => {
    const history = new HistoryBuilder().lease(1, 3).release(1, 3, "expired");
    history.add("broker.started", { url: "", store: "sqlite", pid: 2 });
    expect(judge(history.lease(1, 1), name).result).toBe("fail");
  });

  it("takes a grant that a store forgot for over, and its epoch for used", () => {
    const lost = () => new HistoryBuilder().lease(1, 1).loseStore(1);
    expect(judge(lost().lease(1, 2), name).result).toBe("pass");
    expect(judge(lost().lease(1, 1), name).result).toBe("fail");
    expect(judge(new HistoryBuilder().lease(1, 1).loseStore(2).lease(1, 2), name).result).toBe("fail");
  });

  it("fails on a lease by an offer of before a start of the broker, whatever a store brought back", () => {
    const started = (history: HistoryBuilder) => history.add("broker.started", { url: "", store: "sqlite", pid: 2 });
    const leased = (history: HistoryBuilder, epoch: number) =>
      history.add("broker.leased", { ...grant(1, epoch), expiresAt: 1 });
    const offered = () => new HistoryBuilder().add("broker.offered", { ...grant(1, 1), expiresAt: 1 });
    expect(judge(leased(offered(), 1), name).result).toBe("pass");
    expect(judge(leased(started(offered()), 1), name).detail).toContain("by an offer of before the broker's start");
    const later = offered()
      .release(1, 1, "declined")
      .add("broker.offered", { ...grant(1, 2), expiresAt: 1 });
    expect(judge(leased(later.loseStore(1), 1), name).result).toBe("fail");
  });

  it("is unknown without a grant", () => {
    expect(judge(new HistoryBuilder(), name).result).toBe("unknown");
  });
});
