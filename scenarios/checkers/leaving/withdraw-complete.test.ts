import { describe, expect, it } from "vitest";

import type { WithdrawalReport } from "../../../protocol/withdrawal-report.ts";
import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "withdraw-complete";

describe("withdraw-complete on the host", () => {
  const left = (report: Partial<WithdrawalReport>, resources: readonly string[], crontabLines = 0) =>
    judge(
      new HistoryBuilder().withdrawal(report).add("witness.left", { agentId, resources: [...resources], crontabLines }),
      name,
    );

  it("passes when a clean withdrawal left nothing, and fails when it left anything", () => {
    expect(left({}, []).result).toBe("pass");
    expect(left({}, ["directory:/home/agent", "key:/home/agent/key"]).detail).toContain("agent and 1 more is left");
    expect(left({}, [], 1).detail).toContain("a line of the crontab");
  });

  it("passes when a report that is not clean names what is left, and fails when it does not", () => {
    const unclean = { clean: false };
    const process = { pid: 7, startTime: "1", command: "job" };
    expect(left({ ...unclean, processesLeft: [process] }, ["processes:lease-1-1"]).result).toBe("pass");
    expect(left({ ...unclean, directoriesLeft: ["/a (busy)"] }, ["processes:lease-1-1"]).result).toBe("fail");
    expect(left({ ...unclean, directoriesLeft: ["/a (busy)"] }, ["directory:/a"]).result).toBe("pass");
    expect(left({ ...unclean, directoriesLeft: ["/a"] }, ["file:/a/b"]).result).toBe("pass");
    expect(left({ ...unclean, directoriesLeft: ["/a"] }, ["directory:/b"]).detail).toContain("does not name it");
    expect(left({ ...unclean, ledgerEntriesLeft: 2 }, ["directory:/b"]).result).toBe("pass");
  });

  it("fails on something left without any report, or after the report of an earlier agent", () => {
    const look = { agentId, resources: ["key:/a"], crontabLines: 0 };
    expect(judge(new HistoryBuilder().add("witness.left", look), name).detail).toContain("no report says so");
    const history = new HistoryBuilder().withdrawal({ agentId: "d".repeat(64) }).add("witness.left", look);
    expect(judge(history, name).result).toBe("fail");
  });
});

describe("withdraw-complete at the broker", () => {
  const revoked = () => new HistoryBuilder().add("broker.agent", { agentId, standing: "revoked", reason: "" });
  const beat = (id: string) => ({ agentId: id, state: "Idle", slotsFree: 0, offers: 0 }) as const;

  it("fails on any dealing with a revoked key, and on none with others", () => {
    expect(judge(revoked().add("broker.heartbeat", beat(agentId)), name).result).toBe("fail");
    expect(judge(revoked().add("broker.heartbeat", beat("d".repeat(64))), name).result).toBe("pass");
    expect(judge(revoked().lease(1, 1), name).detail).toContain("was offered a job");
    expect(judge(revoked().add("broker.leased", { ...grant(1, 1), expiresAt: 1 }), name).result).toBe("fail");
    const enrolment = { agentId, instanceId: "two", again: true };
    expect(judge(revoked().add("broker.enrolled", enrolment), name).result).toBe("fail");
    expect(judge(revoked().add("broker.agent", { agentId, standing: "active", reason: "" }), name).result).toBe("fail");
  });

  it("does not fail on what came before, or after a store forgot the revocation", () => {
    const before = new HistoryBuilder().add("broker.heartbeat", beat(agentId)).lease(1, 1);
    expect(judge(before.add("broker.agent", { agentId, standing: "revoked", reason: "" }), name).result).toBe("pass");
    expect(judge(revoked().loseStore().add("broker.heartbeat", beat(agentId)), name).result).toBe("pass");
  });

  it("is unknown when nobody withdrew", () => {
    expect(judge(new HistoryBuilder().lease(1, 1), name).result).toBe("unknown");
  });
});
