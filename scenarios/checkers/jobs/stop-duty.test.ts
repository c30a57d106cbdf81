import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "stop-duty";
const grace = { terminateGraceMs: 500 };
const runs = () => new HistoryBuilder().start().execution(1, "spawning", "running");
const stopped = (history = runs()) => history.execution(1, "running", "killing");
const ended = (history: HistoryBuilder, signal: "SIGTERM" | "SIGKILL", afterMs: number) =>
  history.add("witness.ended", { agentId, leaseId: "lease-1-1", signal, afterMs });
const verdict = (history: HistoryBuilder) => judge(history, name, grace).result;

describe("stop-duty", () => {
  it("passes when a job ends by TERM, or by KILL when its grace is over, and counts it", () => {
    expect(judge(ended(stopped(), "SIGTERM", 40), name, grace)).toMatchObject({ result: "pass", detail: "1 ends" });
    expect(verdict(ended(stopped(), "SIGKILL", 502))).toBe("pass");
    // It slept in the kernel.
    expect(verdict(ended(stopped(), "SIGKILL", 300_000))).toBe("pass");
  });

  it("fails when the grace was cut short, or was longer than it is", () => {
    expect(judge(ended(stopped(), "SIGKILL", 3), name, grace).detail).toContain("its grace is 500 ms");
    expect(verdict(ended(stopped(), "SIGKILL", 1_000))).toBe("fail");
  });

  it("gives what a job leaves behind no grace", () => {
    expect(verdict(ended(runs(), "SIGKILL", 3))).toBe("pass");
    expect(verdict(ended(runs(), "SIGTERM", 3))).toBe("fail");
    expect(verdict(ended(runs(), "SIGKILL", 502))).toBe("fail");
  });

  it("gives what an earlier instance left its grace", () => {
    expect(verdict(ended(runs().start("two"), "SIGTERM", 3))).toBe("pass");
    expect(verdict(ended(runs().start("two"), "SIGKILL", 3))).toBe("fail");
  });

  it("has nothing woken for a TERM on a paused host", () => {
    const paused = () => stopped(runs().state("Working", "Paused", "paused"));
    expect(verdict(ended(paused(), "SIGKILL", 3))).toBe("pass");
    const letGo = stopped(
      runs().state("Working", "Paused", "paused").add("agent.shutdown", { trigger: "", stage: "begin" }).thaw(),
    );
    expect(verdict(ended(letGo, "SIGTERM", 3))).toBe("pass");
    expect(verdict(ended(paused(), "SIGTERM", 3))).toBe("fail");
  });

  it("lets a shutdown kill what a pause stopped in its grace, and nothing else", () => {
    const leaves = (history: HistoryBuilder) => history.add("agent.shutdown", { trigger: "", stage: "begin" });
    const pauses = (history: HistoryBuilder) => history.state("Working", "Paused", "paused");
    expect(verdict(ended(leaves(pauses(stopped())), "SIGKILL", 3))).toBe("unknown");
    expect(verdict(ended(pauses(stopped()), "SIGKILL", 3))).toBe("fail");
    expect(verdict(ended(leaves(stopped()), "SIGKILL", 3))).toBe("fail");
    // What it left running by itself has no grace to lose.
    expect(verdict(ended(leaves(pauses(runs())), "SIGKILL", 502))).toBe("fail");
  });

  it("lets a shutdown kill what a pause stopped that came in the middle of it", () => {
    const leaves = (history: HistoryBuilder) => history.add("agent.shutdown", { trigger: "", stage: "begin" });
    const wish = (history: HistoryBuilder, who = agentId) =>
      history.add("witness.command", { agentId: who, by: "owner", command: "pause", reason: "" });
    expect(verdict(ended(wish(leaves(stopped())), "SIGKILL", 3))).toBe("unknown");
    expect(verdict(ended(wish(leaves(stopped()), "b".repeat(64)), "SIGKILL", 3))).toBe("fail");
  });

  it("expects the grace again when a resume came during the shutdown of a paused host", () => {
    const resumed = () =>
      stopped(
        runs().state("Working", "Paused", "paused").add("agent.shutdown", { trigger: "", stage: "begin" }).thaw(),
      );
    expect(verdict(ended(resumed(), "SIGTERM", 3))).toBe("pass");
    expect(verdict(ended(resumed(), "SIGKILL", 3))).toBe("fail");
  });

  it("has nothing to say while a pause may be under way, of a hurried shutdown, and of a withdrawal", () => {
    expect(verdict(ended(stopped(runs().freeze()), "SIGKILL", 3))).toBe("unknown");
    const wish = () => runs().add("witness.command", { agentId, by: "owner", command: "pause", reason: "" });
    expect(verdict(ended(stopped(wish()), "SIGKILL", 3))).toBe("unknown");
    const wished = { agentId, request: 1, command: "resume", withinMs: 1_000 } as const;
    const resumed = (ms: number) => stopped(wish().wait(ms).add("witness.asked", wished).thaw());
    expect(verdict(ended(resumed(10), "SIGKILL", 3))).toBe("unknown");
    expect(verdict(ended(resumed(90), "SIGKILL", 3))).toBe("fail");
    const begin = runs().add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });
    const hurried = stopped(begin).add("witness.signal", { agentId, signal: "SIGTERM" });
    expect(verdict(ended(hurried, "SIGKILL", 3))).toBe("unknown");
    const leaving = runs().state("Working", "Withdrawing", "withdrawAsked");
    expect(verdict(ended(stopped(leaving), "SIGKILL", 3))).toBe("unknown");
  });
});
