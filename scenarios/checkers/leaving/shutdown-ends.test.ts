import { describe, expect, it } from "vitest";

import { agentId, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const settings = { shutdownTimeoutMs: 3_000, terminateGraceMs: 1_500 };
const started = () => new HistoryBuilder().start();
const signal = (history: HistoryBuilder) => history.add("witness.signal", { agentId, signal: "SIGTERM" });
const signalled = (history = started()) =>
  signal(history).add("agent.shutdown", { trigger: "SIGTERM", stage: "begin" }, "one");
const offer = { jobId: "job-1", leaseId: "lease-1-1", epoch: 1, answer: "accepted", reason: "" } as const;
const ends = (history: HistoryBuilder, afterMs: number) =>
  judge(history.wait(afterMs).add("witness.exit", { agentId, how: "shutdown" }), "shutdown-ends", settings);

describe("shutdown-ends", () => {
  it("passes one that ends in time, and fails one that waits for its broker for longer", () => {
    expect(ends(signalled(), 3_000)).toMatchObject({ result: "pass", detail: "1 ends" });
    expect(ends(signalled(), 3_600).detail).toContain("a shutdown took");
    expect(ends(started(), 0).result).toBe("unknown");
  });

  it("lets whoever may hold work wait for it", () => {
    expect(ends(signalled(started().add("agent.offer", offer, "one")), 90_000).result).toBe("pass");
    expect(ends(signalled(started().start("two", { resumed: true })), 90_000).result).toBe("unknown");
    expect(ends(signalled(started().add("agent.offer", offer, "one")), 96_000).result).toBe("fail");
  });

  it("gives whoever is hurried no more than a moment for each", () => {
    const worked = () => signalled(started().add("agent.offer", offer, "one"));
    expect(ends(signal(worked().wait(600)), 4_000).result).toBe("pass");
    expect(ends(signal(worked().wait(600)), 5_000).detail).toContain("ought to have in 4500");
    expect(ends(signal(worked().wait(100)), 5_000).result).toBe("pass");
    const frozen = { trigger: "SIGTERM", freezeMs: 1, sandboxes: 1, processes: 1 };
    expect(ends(signal(worked().wait(600)).add("agent.frozen", frozen), 5_000).result).toBe("pass");
  });

  it("fails when one begins in a withdrawal", () => {
    const withdraws = started().state("Idle", "Withdrawing", "withdrawAsked");
    expect(ends(signalled(withdraws), 0).detail).toContain("in a withdrawal");
  });

  it("says nothing of one that is hurt, or withdraws instead", () => {
    const hurt = { fault: "stall-agent", target: agentId, detail: "", subjects: [] };
    expect(ends(signalled(started().add("fault.applied", hurt)), 9_000).result).toBe("unknown");
    expect(ends(signalled().state("Idle", "Withdrawing", "withdrawAsked"), 9_000).result).toBe("unknown");
  });
});
