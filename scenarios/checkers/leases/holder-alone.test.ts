import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder, settings = { leaseTtlMs: 5_000 }) => judge(history, "holder-alone", settings);

const runs = () => new HistoryBuilder().start().execution(1, "spawning", "running");
const hears = (history: HistoryBuilder, reachable: boolean) => history.add("agent.broker", { reachable, detail: "" });
const beats = (history: HistoryBuilder, times = 3) => {
  for (let time = 0; time < times; time += 1) history.wait(1_000).add("agent.woke", { cause: "timer" });
  return history;
};

describe("holder-alone", () => {
  it("passes when the job is stopped in time, or the broker is heard again", () => {
    const alone = () => beats(hears(runs(), false));
    expect(verdict(beats(alone().execution(1, "running", "killing"), 5))).toMatchObject({
      result: "pass",
      detail: "1 times an agent was alone",
    });
    expect(verdict(beats(hears(alone(), true), 9)).result).toBe("pass");
  });

  it("fails when it runs on", () => {
    expect(verdict(beats(hears(runs(), false), 9)).detail).toContain("runs on, and nobody renewed it");
  });

  it("fails when what was accepted is started, and nobody renewed it meanwhile", () => {
    const offer = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, answer: "accepted", reason: "" } as const;
    const accepted = () => hears(new HistoryBuilder().start().add("agent.offer", offer), false);
    expect(verdict(beats(accepted(), 9).execution(1, null, "spawning")).detail).toContain("is started");
    expect(verdict(beats(accepted(), 3).execution(1, null, "spawning")).result).toBe("pass");
    expect(verdict(hears(beats(accepted(), 9), true).execution(1, null, "spawning")).result).toBe("pass");
  });

  it("gives whoever slept one look", () => {
    expect(verdict(beats(hears(runs(), false).wait(9_000), 1)).result).toBe("pass");
  });

  it("does not ask it of an agent that withdraws, whose jobs stand still", () => {
    const leaves = hears(runs(), false).state("Working", "Withdrawing", "withdrawAsked");
    expect(verdict(beats(leaves, 9)).result).toBe("pass");
  });

  it("does not judge what began later, and passes nothing where the life of a lease is not known", () => {
    const later = hears(new HistoryBuilder().start(), false).execution(1, "spawning", "running");
    expect(verdict(beats(later, 9)).result).toBe("pass");
    expect(judge(beats(hears(runs(), false), 9), "holder-alone").result).toBe("unknown");
  });

  it("cannot tell where the broker was always heard", () => {
    expect(verdict(beats(runs())).result).toBe("unknown");
  });
});
