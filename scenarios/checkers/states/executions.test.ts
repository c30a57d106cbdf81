import { describe, expect, it } from "vitest";

import type { HistoryData } from "../../../protocol/history.ts";
import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

type Step = HistoryData<"broker.execution">;
const executionId = "exec-b1-1";
const ends = ["completed", "failed", "killed"];

/** A history of one execution. */
class Story extends HistoryBuilder {
  step(from: Step["from"], to: Step["to"], over: Partial<Step> = {}): this {
    const startedAt = from === "running" || to === "running" ? 5 : null;
    const completedAt = ends.includes(to) ? 9 : null;
    return this.add("broker.execution", { executionId, from, to, startedAt, completedAt, reason: "", ...over });
  }

  began(): this {
    return this.add("witness.execution", { executionId, change: "began", pid: 7, exitCode: null });
  }

  gone(exitCode: number | null = 0): this {
    return this.add("witness.execution", { executionId, change: "gone", pid: 7, exitCode });
  }

  forgets(fault: "lose-store" | "lose-history"): this {
    return this.add("fault.applied", { fault, target: "store", detail: "", subjects: [executionId] });
  }
}

const asked = () => new Story().step(null, "spawning");
const running = () => asked().began().step("spawning", "running");
const of = (story: Story) => judge(story, "executions");

describe("executions", () => {
  it("passes on each way that the table has, and knows nothing where none was started", () => {
    expect(of(new Story()).result).toBe("unknown");
    for (const story of [
      running().gone().step("running", "completed"),
      running().gone(3).step("running", "failed"),
      running().step("running", "killing", { startedAt: 5 }).gone(null).step("killing", "killed", { startedAt: 5 }),
      asked().step("spawning", "failed"),
      asked().step("spawning", "killing").step("killing", "killed"),
    ]) {
      expect(of(story)).toMatchObject({ result: "pass" });
    }
  });

  it("fails on a step that the table does not have, that leaves a gap, or that begins in the middle", () => {
    expect(of(asked().step("spawning", "completed")).detail).toContain("from spawning to completed");
    expect(of(asked().step("running", "failed")).detail).toContain("was spawning and then");
    expect(of(new Story().step(null, "running")).detail).toContain("began as running");
    const over = asked().step("spawning", "failed");
    expect(of(over.step("failed", "killing")).detail).toContain("failed is final");
  });

  it("fails on a time that is set again, is missing, or comes before the end", () => {
    const again = running().gone().step("running", "completed", { startedAt: 6 });
    expect(of(again).detail).toContain("was set again");
    expect(of(running().gone().step("running", "completed", { completedAt: null })).detail).toContain("not set");
    expect(of(running().step("running", "killing", { completedAt: 9, startedAt: 5 })).detail).toContain("its end is 9");
    expect(of(asked().began().step("spawning", "running", { startedAt: null })).detail).toContain("since no time");
  });

  it("fails where something is said of a process that is not so", () => {
    expect(of(asked().step("spawning", "running")).detail).toContain("was never started");
    expect(of(running().began()).detail).toContain("started twice");
    expect(of(running().gone(1).step("running", "completed")).detail).toContain("did not end well");
    expect(of(running().gone(0).step("running", "failed")).detail).toContain("ended well");
    const killing = running().step("running", "killing", { startedAt: 5 });
    expect(of(killing.step("killing", "killed", { startedAt: 5 })).detail).toContain("its processes still run");
  });

  it("lets one go on from anywhere once that a store forgot, or whose last step nobody was told", () => {
    for (const fault of ["lose-store", "lose-history"] as const) {
      expect(of(asked().began().forgets(fault).gone().step("running", "failed")).result).toBe("pass");
      expect(of(asked().forgets(fault).step("spawning", "completed")).result).toBe("fail");
      const twice = asked().forgets(fault).began().step("running", "killing").step("running", "killing");
      expect(of(twice).result).toBe("fail");
    }
  });
});
