import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

type Status = HistoryData<"witness.status">;

const idle: Status = {
  instanceId: "one",
  state: "Idle",
  brokerReachable: false,
  pauseAsked: false,
  pauseWaits: false,
  sandboxes: [],
};
const sandbox = (execution: Status["sandboxes"][number]["execution"], pid: number | null) => {
  return { sandboxes: [{ leaseId: "lease-1-1", execution, pid }] };
};
const started = () => new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled");
const running = () => started().execution(1, null, "spawning").execution(1, "spawning", "running");
const paused = () => started().state("Idle", "Paused", "paused");
const look = (history: HistoryBuilder, extra: Partial<Status> = {}) =>
  judge(history.add("witness.status", { ...idle, ...extra }), "status-true");
const wiped = (history: HistoryBuilder) =>
  history.add("witness.resource", { agentId, change: "gone", resource: "directory:/h/sandboxes/lease-1-1" });

describe("status-true", () => {
  it("passes on a status that shows what the agent told", () => {
    expect(look(started())).toMatchObject({ result: "pass", detail: "1 looks" });
    expect(look(running(), sandbox("running", 7)).result).toBe("pass");
    expect(look(running().execution(1, "running", "completed"), sandbox("completed", null)).result).toBe("pass");
    expect(look(started(), sandbox("spawning", null)).result).toBe("pass");
  });

  it("fails on another state", () => {
    expect(look(paused()).detail).toBe("the status shows Idle, and the agent is Paused");
    expect(look(paused(), { state: "Paused" }).result).toBe("pass");
  });

  it("fails on a broker that is shown otherwise than it was told of", () => {
    const heard = () => started().add("agent.broker", { reachable: true, detail: "" });
    expect(look(heard()).result).toBe("fail");
    expect(look(started(), { brokerReachable: true }).result).toBe("fail");
    expect(look(heard(), { brokerReachable: true }).result).toBe("pass");
  });

  it("fails on a pause that is in force and shown to come, and on one that is awaited and not shown", () => {
    expect(look(paused(), { state: "Paused", pauseAsked: true }).result).toBe("fail");
    expect(look(started(), { pauseWaits: true }).result).toBe("fail");
    expect(look(started(), { pauseWaits: true, pauseAsked: true }).result).toBe("pass");
  });

  it("fails on a sandbox that is shown as it is not", () => {
    expect(look(running(), sandbox("spawning", null)).detail).toMatch(/as spawning, and it is running/);
    expect(look(running(), sandbox("running", null)).detail).toMatch(/no pid/);
    expect(look(started(), sandbox("spawning", 7)).detail).toMatch(/7 pid/);
  });

  it("fails on a sandbox that is not shown, and on one that is shown after it was wiped", () => {
    expect(look(running()).detail).toBe("lease-1-1 is running, and the status does not show it");
    const over = () => wiped(running().execution(1, "running", "completed"));
    expect(look(over(), sandbox("completed", null)).result).toBe("fail");
    expect(look(over()).result).toBe("pass");
  });

  it("is unknown where nobody looked", () => {
    expect(judge(started(), "status-true").result).toBe("unknown");
  });
});
