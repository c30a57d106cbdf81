import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { agentId, answered, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "owner-granted";
type Command = HistoryData<"witness.asked">["command"];
const idle = () => new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled");
const ask = (history: HistoryBuilder, command: Command) =>
  history.add("witness.asked", { agentId, request: 1, command, withinMs: 1 });
const hear = (history: HistoryBuilder, command: Command, extra: Partial<HistoryData<"witness.answered">> = {}) =>
  judge(history.add("witness.answered", { ...answered, command, ...extra }), name);
const no = (code: string) => ({ ok: false, code });
const pause = { freezeMs: 1, frozenSandboxes: 1, checkpoints: 1, snapshotMs: 1 };

describe("owner-granted", () => {
  it("passes what the table grants and refuses", () => {
    const paused = ask(idle(), "pause").freeze().save(1, 1, 5).state("Idle", "Paused", "paused");
    expect(hear(paused, "pause", { pause })).toMatchObject({ result: "pass" });
    expect(hear(ask(idle(), "resume"), "resume").result).toBe("pass");
    expect(hear(ask(idle(), "withdraw"), "withdraw").result).toBe("pass");
    expect(
      hear(ask(idle().state("Idle", "Withdrawing", "withdrawAsked"), "pause"), "pause", no("refused")).result,
    ).toBe("pass");
    const leaves = { agentId, request: 2, command: "withdraw", withinMs: 1 } as const;
    expect(hear(ask(idle().add("witness.asked", leaves), "resume"), "resume", no("refused")).result).toBe("pass");
    expect(judge(idle(), name).result).toBe("unknown");
  });

  it("fails when it is otherwise", () => {
    expect(hear(ask(idle(), "pause"), "pause", no("refused")).result).toBe("fail");
    expect(hear(ask(idle(), "resume"), "resume", no("refused")).result).toBe("fail");
    expect(hear(ask(idle(), "withdraw"), "withdraw", no("called-off")).result).toBe("fail");
    const leaving = ask(idle().state("Idle", "Withdrawing", "withdrawAsked"), "resume");
    expect(hear(leaving, "resume").detail).toContain("was not refused");
  });

  it("fails when a pause names other figures than the records, or none", () => {
    const frozen = () => ask(idle(), "pause").freeze();
    const paused = () => frozen().state("Idle", "Paused", "paused");
    expect(hear(frozen(), "pause", { pause }).detail).toContain("is not Paused");
    expect(hear(paused(), "pause").result).toBe("fail");
    expect(hear(paused(), "pause", { pause }).detail).toContain("not so many checkpoints");
    expect(hear(paused(), "pause", { pause: { ...pause, checkpoints: 0 } }).result).toBe("pass");
    expect(hear(paused(), "pause", { pause: { ...pause, frozenSandboxes: 2 } }).detail).toContain("another number");
    expect(hear(paused(), "pause", { pause: { ...pause, freezeMs: 2 } }).detail).toContain("its freeze took 1 ms");
  });

  it("fails when a pause leaves out what it saved of a running job, or says that it took longer than it did", () => {
    const saved = () => ask(idle().wait(1_000), "pause").freeze().save(1, 1, 5);
    const none = { ...pause, checkpoints: 0 };
    expect(hear(saved().state("Working", "Paused", "paused"), "pause", { pause: none }).result).toBe("fail");
    const ended = saved().execution(1, "running", "killing").state("Working", "Paused", "paused");
    expect(hear(ended, "pause", { pause: none }).result).toBe("pass");
    const late = { ...pause, snapshotMs: 900 };
    expect(hear(saved().state("Working", "Paused", "paused"), "pause", { pause: late }).detail).toContain(
      "another time",
    );
    expect(hear(saved().wait(900).state("Working", "Paused", "paused"), "pause", { pause: late }).result).toBe("pass");
    expect(hear(saved().wait(900).state("Working", "Paused", "paused"), "pause", { pause }).result).toBe("fail");
    expect(hear(ask(new HistoryBuilder().start(), "pause"), "pause", { pause }).result).toBe("pass");
    const waits = hear(ask(new HistoryBuilder().start(), "pause"), "pause", { pause, waitedMs: 900 });
    expect(waits.detail).toContain("waited for 900 ms");
  });

  it("fails when a resume waits, and when a leaving agent grants a pause", () => {
    expect(hear(ask(idle(), "resume"), "resume", { waitedMs: 300 }).result).toBe("fail");
    const leaving = () => ask(idle().add("agent.shutdown", { trigger: "", stage: "begin" }), "pause");
    expect(hear(leaving(), "pause", no("shutting-down")).result).toBe("pass");
    expect(hear(leaving(), "pause", { pause }).result).toBe("fail");
    // The shutdown began between the wish and the answer.
    const then = ask(idle(), "pause").add("agent.shutdown", { trigger: "", stage: "begin" });
    expect(hear(then, "pause", no("shutting-down")).result).toBe("pass");
    expect(hear(ask(idle(), "pause"), "pause", no("shutting-down")).result).toBe("fail");
  });

  it("does not judge what ended with the process", () => {
    expect(hear(ask(idle(), "pause"), "pause", no("ended")).result).toBe("unknown");
  });
});
