import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "forgeries-refused";
type Delivery = HistoryData<"witness.delivery">;
const delivery = (truth: Delivery["truth"], code: string, action: Delivery["action"] = "spawn") =>
  ({ commandId: "one", action, truth, code }) as const;
const execution = (executionId: string, from: null | "running", to: "spawning" | "killing") =>
  ({ executionId, from, to, startedAt: null, completedAt: null, reason: "" }) as const;
const command = (action: "spawn" | "kill", executionId: string): HistoryData<"broker.command"> => ({
  connectionId: "conn-0000000000000001",
  commandId: "x",
  action,
  how: "executed",
  executionIds: [executionId],
});
const genuine = () =>
  new HistoryBuilder()
    .add("broker.execution", execution("exec-1", null, "spawning"))
    .add("broker.command", command("spawn", "exec-1"))
    .add("witness.delivery", delivery("genuine", "ok"));

describe("forgeries-refused", () => {
  it("says nothing where too few ways were tried", () => {
    expect(judge(genuine(), name).result).toBe("unknown");
    expect(judge(genuine().add("witness.delivery", delivery("stale", "x")), name, { kindsMin: 2 }).result).toBe(
      "unknown",
    );
  });

  it("passes when each is refused and nothing but the genuine one starts or ends anything", () => {
    const history = genuine()
      .add("witness.delivery", delivery("forged", "bad-signature"))
      .add("witness.delivery", delivery("stale", "stale-command", "kill"))
      .add("broker.execution", execution("exec-1", "running", "killing"))
      .add("witness.kill", { executionIds: ["exec-1"] });
    expect(judge(history, name, { kindsMin: 2 })).toMatchObject({
      result: "pass",
      detail: "2 forgeries of 2 kinds refused, 1 agents started",
    });
  });

  it("fails when one is taken", () => {
    expect(judge(genuine().add("witness.delivery", delivery("unknown", "ok", "kill")), name).detail).toContain(
      "a kill that was unknown was taken",
    );
  });

  it("fails when something starts or ends that no command asked for, though all were refused", () => {
    const refused = () => genuine().add("witness.delivery", delivery("forged", "bad-signature"));
    const started = refused().add("broker.execution", execution("exec-2", null, "spawning"));
    expect(judge(started, name).detail).toContain("exec-2 was started by no command");
    const ended = refused().add("broker.execution", execution("exec-1", "running", "killing"));
    expect(judge(ended, name).detail).toContain("exec-1 was ended by no command");
  });
});
