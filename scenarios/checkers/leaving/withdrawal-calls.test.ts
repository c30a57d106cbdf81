import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "withdrawal-calls";
const started = () => new HistoryBuilder().start();
const call = (history: HistoryBuilder, route: string, afterMs = 0) =>
  history.wait(afterMs).add("witness.call", { agentId, route });

describe("withdrawal-calls", () => {
  it("passes a broker that is told a few times with growing waits, and asked once whether the key is dead", () => {
    const history = call(call(call(call(started(), "withdraw"), "withdraw", 250), "withdraw", 500), "probe");
    expect(judge(history.withdrawal(), name)).toMatchObject({ result: "pass", detail: "4 calls" });
    expect(judge(started(), name).result).toBe("unknown");
  });

  it("fails when it is told too soon again, or too often, by one instance", () => {
    expect(judge(call(call(started(), "withdraw"), "withdraw", 200), name).detail).toContain("told again");
    const thrice = () => call(call(call(started(), "withdraw"), "withdraw", 500), "withdraw", 900);
    expect(judge(call(thrice(), "withdraw", 9_000), name).detail).toContain("told the broker 4 times");
    expect(judge(call(thrice().start("two"), "withdraw"), name).result).toBe("pass");
  });

  it("fails when what was confirmed is asked again, unless the store forgot it or the report left something", () => {
    const confirmed = () => call(call(started(), "withdraw"), "probe").start("two");
    expect(judge(call(confirmed(), "withdraw"), name).detail).toContain("asked again (withdraw)");
    expect(judge(call(confirmed(), "enrol"), name).result).toBe("fail");
    expect(judge(call(confirmed(), "probe"), name).result).toBe("pass");
    expect(judge(call(confirmed().loseStore(), "withdraw"), name).result).toBe("pass");
    const lost = () => call(call(started(), "withdraw").loseStore(), "probe").start("two");
    expect(judge(call(lost(), "enrol"), name).result).toBe("pass");
    expect(judge(call(call(call(lost(), "withdraw"), "probe"), "enrol"), name).result).toBe("fail");
    expect(judge(call(confirmed().withdrawal().start("three"), "enrol"), name).result).toBe("pass");
  });

  it("fails when anything is sent after the report", () => {
    expect(judge(call(started().withdrawal(), "heartbeat"), name).detail).toContain("after the end");
    expect(judge(call(call(started(), "probe").withdrawal(), "heartbeat"), name).result).toBe("fail");
  });

  it("fails when a broker that refused or was not heard is asked again too soon, or too often", () => {
    const hears = (history: HistoryBuilder, route: string, code: string) =>
      history.add("witness.heard", { agentId, route, code });
    const failed = (history: HistoryBuilder, afterMs = 0) =>
      hears(call(history, "enrol", afterMs), "enrol", "unreachable");
    expect(judge(call(failed(started()), "enrol", 200), name).detail).toContain("after a failure");
    expect(judge(call(failed(started()), "enrol", 250), name).result).toBe("pass");
    const thrice = failed(failed(failed(started()), 250), 500);
    expect(judge(call(thrice, "enrol", 5_000), name).detail).toContain("after 3 failures");
    const earlier = hears(call(started(), "heartbeat"), "enrol", "unreachable");
    expect(judge(call(earlier, "enrol"), name).result).toBe("pass");
    const taken = hears(call(failed(started()), "enrol", 250), "enrol", "ok");
    expect(judge(call(taken, "withdraw"), name).result).toBe("pass");
    const jumped = { fault: "jump-clock", target: agentId, detail: "", subjects: [] };
    expect(judge(call(failed(started()).add("fault.applied", jumped), "enrol"), name).result).toBe("pass");
  });
});
