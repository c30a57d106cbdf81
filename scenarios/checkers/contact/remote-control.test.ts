import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "remote-control";
const executionId = "exec-1";
type To = HistoryData<"broker.execution">["to"];
const told = (to: To) =>
  ({ executionId, from: "spawning", to, startedAt: null, completedAt: null, reason: "" }) as const;
const command = (action: "spawn" | "kill"): HistoryData<"broker.command"> => ({
  connectionId: "conn-0000000000000001",
  commandId: "one",
  action,
  how: "executed",
  executionIds: [executionId],
});
const delivery = (code: string) => ({ commandId: "one", action: "spawn", truth: "genuine", code }) as const;
const remote = (hub: To, spoke: To) => ({
  ...{ commandId: "one", executionId },
  hub: { state: hub, pid: 7 },
  spoke: { state: spoke, pid: 7 },
});
const started = () =>
  new HistoryBuilder()
    .add("broker.command", command("spawn"))
    .add("witness.delivery", delivery("ok"))
    .add("broker.execution", told("running"))
    .add("witness.remote", remote("running", "running"));
const ended = () => started().add("broker.command", command("kill")).add("broker.execution", told("killed"));
const gone = { executionId, change: "gone", pid: 7, exitCode: 0 } as const;

describe("remote-control", () => {
  it("passes a spawn that runs, a status that is so, and a kill that ends it", () => {
    const history = ended().add("witness.execution", gone);
    expect(judge(history, name)).toMatchObject({ result: "pass", detail: "1 started, 1 told of, 1 ended" });
  });

  it("says nothing where less was done than was to be", () => {
    expect(judge(started(), name).result).toBe("unknown");
    expect(judge(ended().add("witness.execution", gone), name, { statusesMin: 2 }).result).toBe("unknown");
  });

  it("fails when the hub's own command is refused", () => {
    const history = new HistoryBuilder().add("witness.delivery", delivery("bad-signature"));
    expect(judge(history, name).detail).toContain("refused as bad-signature");
  });

  it("fails when the agent never ran, is not killed, or nobody saw it go", () => {
    const never = new HistoryBuilder().add("broker.command", command("spawn"));
    expect(judge(never, name).detail).toContain("never ran");
    const still = started().add("broker.command", command("kill")).add("broker.execution", told("killing"));
    expect(judge(still, name).detail).toContain("was to be killed and is killing");
    expect(judge(ended(), name).detail).toContain("nobody saw it go");
  });

  it("fails when the hub tells something else than the spoke shows, or nothing", () => {
    const other = started().add("witness.remote", remote("running", "killed"));
    expect(judge(other, name).detail).toContain("what is not so");
    const nothing = started().add("witness.remote", { ...remote("running", "running"), hub: null });
    expect(judge(nothing, name).result).toBe("fail");
  });
});
