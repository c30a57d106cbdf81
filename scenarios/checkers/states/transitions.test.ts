import { describe, expect, it } from "vitest";

import { HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "transitions";

describe("transitions of agents", () => {
  it("fails on a step that the table does not have", () => {
    const history = new HistoryBuilder().state("Idle", "Withdrawn", "withdrawn");
    expect(judge(history, name).detail).toContain("from Idle to Withdrawn");
  });

  it("fails on a gap between two steps, and passes without one", () => {
    const enrolled = () => new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled");
    expect(judge(enrolled().state("Working", "Idle", "workEnded"), name).detail).toContain("the agent was Idle");
    expect(judge(enrolled().state("Idle", "Paused", "paused"), name).result).toBe("pass");
  });

  it("fails on a step of its own that the table refuses to an agent, and not on a wish that it refuses", () => {
    const refused = (event: "workStarted" | "pauseAsked") =>
      judge(
        new HistoryBuilder().start().add("agent.refused", { state: "Withdrawing", event, reason: "" }),
        "transitions",
      );
    expect(refused("workStarted").detail).toContain("took workStarted for possible");
    expect(refused("pauseAsked").result).toBe("unknown");
  });

  it("lets each instance begin as Enrolling, and not otherwise", () => {
    const first = () => new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled").start("two");
    expect(judge(first().state("Enrolling", "Idle", "enrolled", "two"), name).result).toBe("pass");
    expect(judge(first().state("Idle", "Paused", "paused", "two"), name).detail).toContain("began as Idle");
  });
});

describe("transitions of executions", () => {
  const spawned = () => new HistoryBuilder().start().execution(1, null, "spawning");

  it("fails on one that goes on after its end", () => {
    const history = spawned().execution(1, "spawning", "failed").execution(1, "failed", "running");
    expect(judge(history, name).detail).toContain("failed is final");
  });

  it("fails on one that starts again, be it in a later instance", () => {
    expect(judge(spawned().execution(1, "spawning", "failed").execution(1, null, "spawning"), name).result).toBe(
      "fail",
    );
    expect(judge(spawned().start("two").execution(1, null, "spawning", "two"), name).result).toBe("fail");
    expect(judge(spawned().start("two").execution(2, null, "spawning", "two"), name).result).toBe("pass");
  });

  it("lets one start again whose offer a store that was taken back made again", () => {
    const ended = () => spawned().execution(1, "spawning", "failed");
    expect(judge(ended().loseStore(1).execution(1, null, "spawning"), name).result).toBe("pass");
    expect(judge(ended().loseStore(2).execution(1, null, "spawning"), name).result).toBe("fail");
    expect(judge(ended().loseStore(1).execution(1, "failed", "running"), name).result).toBe("fail");
    expect(judge(spawned().loseStore(1).execution(1, null, "spawning"), name).result).toBe("fail");
  });

  it("fails on one that begins in the middle, skips a state, or has a gap", () => {
    expect(judge(new HistoryBuilder().execution(1, null, "running"), name).detail).toContain("began as running");
    expect(judge(spawned().execution(1, "spawning", "completed"), name).result).toBe("fail");
    expect(judge(spawned().execution(1, "running", "completed"), name).detail).toContain("was spawning");
  });
});

describe("transitions of jobs", () => {
  const submitted = () => new HistoryBuilder().job(1, null, "queued");

  it("passes on the table's steps and fails on others", () => {
    expect(judge(submitted().job(1, "queued", "offered").job(1, "offered", "queued"), name).result).toBe("pass");
    expect(judge(submitted().job(1, "queued", "completed"), name).detail).toContain("which the table does not have");
    expect(judge(new HistoryBuilder().job(1, null, "leased"), name).result).toBe("fail");
  });

  it("fails on a gap, unless a store took the job back", () => {
    expect(judge(submitted().job(1, "offered", "leased"), name).detail).toContain("was queued");
    expect(judge(submitted().loseStore(1).job(1, "offered", "leased"), name).result).toBe("pass");
    expect(judge(submitted().loseStore(1).job(1, "completed", "leased"), name).result).toBe("fail");
  });

  it("fails on an agent that is Idle and holds a sandbox, or Working and holds none", () => {
    const works = (execution: boolean) => {
      const history = new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled");
      if (execution) history.execution(1, null, "spawning").execution(1, "spawning", "running");
      return history.state("Idle", "Working", "workStarted");
    };
    expect(judge(works(true), name).result).toBe("pass");
    expect(judge(works(false), name).detail).toBe("the agent is Working and holds no sandbox");
    const stops = works(true).execution(1, "running", "killing").state("Working", "Idle", "workEnded");
    expect(judge(stops, name).detail).toBe("the agent is Idle and holds a sandbox");
  });
});
