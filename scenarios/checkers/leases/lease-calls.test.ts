import { describe, expect, it } from "vitest";

import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const verdict = (history: HistoryBuilder) => judge(history, "lease-calls");

type Call = "accept" | "complete" | "return";

const started = () => new HistoryBuilder().start();
const says = (history: HistoryBuilder, call: Call, outcome = "sent") =>
  history.add("witness.lease-call", { agentId, instanceId: "one", leaseId: "lease-1-1", call, outcome }, "harness");
const asks = (history: HistoryBuilder, call: Call, outcome: string) => says(says(history, call), call, outcome);
const leased = (history: HistoryBuilder) => history.add("broker.leased", { ...grant(1, 1), expiresAt: 9_000 });
const done = (history: HistoryBuilder) => leased(history).release(1, 1, "completed");
const looks = (history: HistoryBuilder) =>
  history.add("witness.resource", { agentId, change: "made", resource: "directory:/home/agent" }, "harness");

describe("lease-calls", () => {
  it("passes when what is said is taken, after a repeat or at once", () => {
    const accepted = says(leased(says(started(), "accept")), "accept", "ok");
    expect(verdict(says(says(accepted, "complete").release(1, 1, "completed"), "complete", "ok"))).toMatchObject({
      result: "pass",
      detail: "2 calls were answered",
    });
    const repeated = asks(done(started()), "complete", "unreachable").wait(250);
    expect(verdict(asks(repeated, "complete", "ok")).result).toBe("pass");
    expect(verdict(asks(leased(started()).release(1, 1, "handed-back"), "return", "ok")).result).toBe("pass");
  });

  it("fails when the same is said twice at a time, or again after it was answered", () => {
    expect(verdict(says(says(started(), "complete"), "complete")).detail).toContain("twice at a time");
    expect(verdict(says(asks(done(started()), "complete", "ok"), "complete")).detail).toContain(
      "after it was answered",
    );
  });

  it("fails when an agent that takes nothing says again that it takes a lease", () => {
    const unheard = () => asks(started(), "accept", "unreachable");
    expect(verdict(says(unheard(), "accept")).result).toBe("pass");
    const paused = unheard().state("Idle", "Paused", "paused");
    expect(verdict(says(paused, "accept")).detail).toContain("takes nothing");
    expect(verdict(says(paused.state("Paused", "Idle", "resumeAsked"), "accept")).result).toBe("fail");
  });

  it("lets whoever was fenced say it again", () => {
    expect(verdict(says(asks(done(started()), "complete", "fenced"), "complete")).result).toBe("pass");
  });

  it("fails when an acceptance is repeated without end", () => {
    const thrice = asks(
      asks(asks(started(), "accept", "unreachable"), "accept", "unreachable"),
      "accept",
      "unreachable",
    );
    expect(verdict(thrice).result).toBe("pass");
    expect(verdict(says(thrice, "accept")).detail).toContain("for the 4. time");
  });

  it("fails when a completion that failed is not said again, by waits that grow", () => {
    const failed = () => asks(started(), "complete", "unreachable");
    expect(verdict(looks(failed().wait(1_000))).result).toBe("pass");
    expect(verdict(looks(failed().wait(5_500))).detail).toContain("failed and is not said again");
    expect(verdict(looks(failed().loseStore(1).wait(5_500))).result).toBe("pass");
    expect(verdict(looks(asks(failed(), "complete", "unreachable").wait(1_500))).result).toBe("pass");
  });

  it("fails when an acceptance is given up at once, unless its agent takes nothing in", () => {
    const once = () => asks(started(), "accept", "unreachable");
    expect(verdict(says(once(), "return")).detail).toContain("after 1 of 3 tries");
    expect(verdict(says(once().freeze(), "return")).result).toBe("pass");
    const thrice = asks(asks(once(), "accept", "unreachable"), "accept", "unreachable");
    expect(verdict(says(thrice, "return")).result).toBe("pass");
  });

  it("fails when what waited for the broker is not said as soon as that is back", () => {
    const contact = { reachable: true, detail: "" };
    const back = () => asks(leased(started()), "complete", "unreachable").add("agent.broker", contact, "one");
    expect(verdict(looks(looks(back()))).detail).toContain("is not said again");
    expect(verdict(looks(looks(says(back(), "complete")))).result).toBe("pass");
    const lost = back().add("agent.broker", { ...contact, reachable: false }, "one");
    expect(verdict(looks(looks(lost))).result).toBe("pass");
  });

  it("fails when whoever withdraws gives a lease back whose job is done, before it has said so once more", () => {
    const failed = () => asks(leased(started()), "complete", "unreachable");
    const withdraws = (history: HistoryBuilder) => history.state("Idle", "Withdrawing", "withdrawAsked");
    const parts = (history: HistoryBuilder) => history.add("witness.call", { agentId, route: "withdraw" });
    expect(verdict(parts(withdraws(failed()))).detail).toContain("was done");
    expect(verdict(parts(says(withdraws(failed()), "complete"))).result).toBe("pass");
    const urged = withdraws(failed()).add("witness.signal", { agentId, signal: "SIGTERM" });
    expect(verdict(parts(urged)).result).toBe("pass");
    const stalled = { fault: "stall-agent", target: agentId, detail: "", subjects: [] };
    expect(verdict(parts(withdraws(failed()).add("fault.applied", stalled))).result).toBe("pass");
    // The broker may have called it lost, and its holder forgotten it.
    expect(verdict(parts(withdraws(failed().loseStore(1)))).result).toBe("pass");
  });

  it("expects nothing of whoever leaves or is hurt", () => {
    const failed = () => asks(started(), "complete", "unreachable");
    const left = failed().add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" });
    expect(verdict(looks(left.wait(9_000))).result).toBe("pass");
    const stalled = { fault: "stall-agent", target: agentId, detail: "", subjects: [] };
    expect(verdict(looks(failed().add("fault.applied", stalled).wait(9_000))).result).toBe("pass");
  });

  it("fails when a call is taken and nothing comes of it", () => {
    expect(verdict(asks(started(), "accept", "ok")).detail).toContain("nothing came of it");
    expect(verdict(asks(leased(started()), "complete", "ok")).result).toBe("fail");
    expect(verdict(asks(leased(started()), "return", "ok")).result).toBe("fail");
    expect(verdict(asks(started().loseStore(1), "accept", "ok")).result).toBe("pass");
  });

  it("fails when what was taken is refused later", () => {
    const repeated = (code: string) =>
      asks(asks(done(started()), "complete", "unreachable").wait(250), "complete", code);
    expect(verdict(repeated("job-settled")).detail).toContain("is refused now");
    expect(verdict(repeated("fenced")).result).toBe("pass");
    expect(verdict(asks(leased(started()), "accept", "offer-lapsed")).result).toBe("fail");
    expect(verdict(asks(done(started()), "accept", "offer-lapsed")).result).toBe("pass");
  });

  it("cannot tell where nobody speaks of a lease", () => {
    expect(verdict(started()).result).toBe("unknown");
  });
});
