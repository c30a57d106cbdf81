import { describe, expect, test } from "vitest";

import { agentId, answered, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const quietMs = 10_000;
const verdict = (history: HistoryBuilder) => judge(history, "activity-pauses", { quietMs, heededMsMax: 10 });

const frozen = { freezeMs: 1, sandboxes: 1, processes: 1 };

/** An agent at work, and what its owner and the operator do about it. */
class Story {
  readonly history = new HistoryBuilder().start().state("Enrolling", "Idle", "enrolled");

  touches(): this {
    const noticedAtMs = this.history.nowMs;
    this.history.add("witness.activity", { agentId, what: "test", noticedAtMs });
    return this;
  }

  freezes(trigger = "owner activity, test"): this {
    this.history.add("agent.frozen", { trigger, ...frozen }).state("Idle", "Paused", "paused");
    return this;
  }

  thaws(trigger = "quiet for 10 s"): this {
    this.history.state("Paused", "Idle", "resumeAsked").add("agent.thawed", { trigger, sandboxes: 1 });
    return this;
  }

  owner(command: "pause" | "resume"): this {
    const request = this.history.records.length;
    this.history.add("witness.asked", { agentId, request, command, withinMs: 1 });
    this.history.add("witness.answered", { ...answered, request, command, ok: true });
    return this;
  }

  operator(command: "pause" | "resume"): this {
    this.history.add("witness.command", { agentId, by: "broker", command, reason: `command ${command}` });
    return this;
  }

  refuses(reason: string): this {
    this.history.add("agent.refused", { state: "Paused", event: "resumeAsked", reason });
    return this;
  }

  waits(ms: number): this {
    this.history.wait(ms);
    return this;
  }

  goesOn(): this {
    this.history.add("agent.woke", { cause: "timer" });
    return this;
  }

  get verdict() {
    return verdict(this.history);
  }
}

const story = (): Story => new Story();

test("passes where activity freezes at once, and the quiet lets go", () => {
  expect(story().goesOn().verdict.result).toBe("unknown");
  const once = story().touches().freezes().waits(4_000).touches().waits(quietMs).thaws();
  expect(once.verdict).toMatchObject({ result: "pass", detail: "2 freezes and ends of them" });
});

test("fails when activity freezes nothing", () => {
  expect(story().touches().waits(11).goesOn().verdict.detail).toContain("nothing was frozen");
  expect(story().touches().waits(9).goesOn().freezes().verdict.result).toBe("pass");
  const leaving = story().touches();
  leaving.history.add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });
  expect(leaving.waits(5_000).goesOn().verdict.result).not.toBe("fail");
});

test("fails when a host goes on before it was quiet for so long", () => {
  const early = story()
    .touches()
    .freezes()
    .waits(6_000)
    .touches()
    .waits(quietMs - 5)
    .thaws();
  expect(early.verdict.detail).toContain("was quiet for 9997 ms");
});

test("fails when a host stays paused though it was quiet, unless somebody wants that", () => {
  const lasts = (begun: Story) =>
    judge(
      begun
        .waits(quietMs + 200)
        .goesOn()
        .goesOn().history,
      "activity-pauses",
      { quietMs, lateMsMax: 100 },
    );
  expect(lasts(story().touches().freezes()).detail).toContain("a host is paused, and was quiet for");
  expect(lasts(story().touches().freezes().waits(5_000).touches().waits(-200)).result).toBe("pass");
  expect(lasts(story().touches().freezes().owner("pause")).result).toBe("pass");
  expect(lasts(story().touches().freezes().operator("pause").freezes("command pause")).result).toBe("pass");
});

describe("ranks", () => {
  test("fails when the quiet lets go what the owner or the operator paused", () => {
    const owners = story().touches().freezes().owner("pause").waits(quietMs).thaws();
    expect(owners.verdict.detail).toContain("what the owner had paused");
    const operators = story().touches().freezes().operator("pause").freezes("command pause").waits(quietMs).thaws();
    expect(operators.verdict.detail).toContain("what the operator had paused");
  });

  test("passes where the operator let go what the operator had paused, and activity held it", () => {
    const held = story().operator("pause").freezes("command pause").touches().operator("resume");
    held.refuses("the owner is active at this host").waits(quietMs).thaws();
    expect(held.verdict.result).toBe("pass");
  });

  test("fails when the operator lets go while the owner is active, or is refused when nobody is", () => {
    const lets = story().touches().freezes().operator("resume").waits(100).thaws("command resume");
    expect(lets.verdict.detail).toContain("the operator let a host go");
    const refused = story()
      .touches()
      .freezes()
      .operator("pause")
      .freezes("command pause")
      .waits(quietMs + 100);
    expect(refused.refuses("the owner is active at this host").verdict.detail).toContain("who was not active");
  });

  test("after the owner's resume activity freezes nothing until it was quiet, and then must again", () => {
    const resumed = () => story().touches().freezes().owner("resume").thaws("plan").waits(100);
    const goesOn = resumed().touches().waits(5_000).goesOn();
    expect(goesOn.verdict.result).toBe("pass");
    expect(resumed().touches().freezes().verdict.detail).toContain("its owner had let go");
    expect(goesOn.waits(quietMs).touches().waits(100).goesOn().verdict.detail).toContain("nothing was frozen");
  });
});

test("what the owner was told holds over a restart; what was not told may", () => {
  const again = (isTold: boolean, downMs = 0) => {
    const one = story().touches().freezes();
    if (isTold) one.thaws("plan").owner("resume");
    one.history.wait(downMs).start("two").state("Enrolling", "Idle", "enrolled", "two");
    one.touches().history.add("agent.frozen", { trigger: "owner activity, test", ...frozen }, "two");
    return one.verdict;
  };
  expect(again(true).detail).toContain("its owner had let go");
  expect(again(false).result).not.toBe("fail");
  expect(again(true, quietMs).result).not.toBe("fail");
});

test("what was written down before a restart is not known, until it was quiet", () => {
  const restarted = () => {
    const one = story().touches().freezes().owner("resume");
    one.history
      .start("two")
      .add("agent.state", { from: "Enrolling", to: "Idle", event: "enrolled", reason: "" }, "two");
    return one.touches().waits(100);
  };
  const wakes = (one: Story) => {
    one.history.add("agent.woke", { cause: "timer" }, "two");
    return one.verdict.result;
  };
  expect(wakes(restarted())).not.toBe("fail");
  expect(wakes(restarted().waits(quietMs).touches().waits(100))).toBe("fail");
});
