import { describe, expect, it } from "vitest";

import { agentId, grant, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "work-kept";
const lifeMs = 30_000;
const beat = { agentId, state: "Idle", slotsFree: 1, offers: 0 } as const;
const lost = { agentId, standing: "lost", reason: "" } as const;

/** The broker has granted it for so long from now. */
const leased = (history: HistoryBuilder, job = 1) => {
  const before = history.records.at(-1)?.at ?? 999;
  return history.add("broker.leased", { ...grant(job, 1), expiresAt: before + 1 + lifeMs });
};
/** A lease whose job its holder has completed, and so many heartbeats since. */
const done = (heartbeats = 0) => {
  const history = leased(new HistoryBuilder().start().add("broker.heartbeat", beat));
  return beats(history.execution(1, "running", "completed"), heartbeats);
};
const beats = (history: HistoryBuilder, count: number) => {
  for (let number = 0; number < count; number += 1) history.add("broker.heartbeat", beat).wait(5_000);
  return history;
};
const restarted = (history: HistoryBuilder) =>
  history.start("two").add("broker.enrolled", { agentId, instanceId: "two", again: true });
const fault = (history: HistoryBuilder, which: "lose-history" | "lose-store", ...subjects: readonly string[]) =>
  history.add("fault.applied", { fault: which, target: "broker", detail: "", subjects: [...subjects] });

describe("work-kept", () => {
  it("passes when it is handed in, by whichever instance, and counts it", () => {
    expect(judge(done().release(1, 1, "completed"), name)).toMatchObject({
      result: "pass",
      detail: "1 completed jobs",
    });
    expect(judge(restarted(done(4)).release(1, 1, "completed"), name).result).toBe("pass");
  });

  it("fails when it is handed back", () => {
    expect(judge(done().release(1, 1, "handed-back"), name).detail).toContain("was handed back");
    expect(judge(restarted(done()).release(1, 1, "handed-back"), name).result).toBe("fail");
  });

  it("has nothing to say of what was not completed, or only after the lease was over", () => {
    const killed = leased(new HistoryBuilder().start()).execution(1, "killing", "killed");
    expect(judge(killed.release(1, 1, "handed-back"), name).result).toBe("unknown");
    const again = leased(new HistoryBuilder().start()).release(1, 1, "expired");
    again.add("broker.leased", { ...grant(1, 2), expiresAt: 90_000 }).execution(1, "running", "completed");
    expect(judge(again.release(1, 2, "handed-back"), name).result).toBe("unknown");
  });

  describe("a lease that runs out", () => {
    it("fails while its holder is in touch, and passes before a third heartbeat could have named it", () => {
      expect(judge(done(3).release(1, 1, "expired"), name).detail).toContain("ran out while its holder was in touch");
      expect(judge(done(2).release(1, 1, "expired"), name).result).toBe("pass");
    });

    it("does not count the heartbeats of before", () => {
      const history = leased(beats(new HistoryBuilder().start(), 5)).execution(1, "running", "completed");
      expect(judge(history.release(1, 1, "expired"), name).result).toBe("pass");
    });

    it("does not count another agent's", () => {
      const history = done(2).add("broker.heartbeat", { ...beat, agentId: "c".repeat(64) });
      expect(judge(history.release(1, 1, "expired"), name).result).toBe("pass");
    });

    it("passes a whole life after the last heartbeat: its holder was shut down or cut off meanwhile", () => {
      expect(judge(done(5).wait(lifeMs).release(1, 1, "expired"), name).result).toBe("pass");
    });

    it("counts from when a heartbeat was heard, where a store that stood still let it be told later", () => {
      const toldLate = (heardAt: number) => {
        const history = done().wait(lifeMs);
        for (let number = 0; number < 3; number += 1) history.add("broker.heartbeat", { ...beat, heardAt });
        return history.release(1, 1, "expired");
      };
      expect(judge(toldLate(1_000), name).result).toBe("pass");
      expect(judge(toldLate(1_000 + lifeMs - 5_000), name).result).toBe("fail");
    });

    it("passes where the broker was started since, by whose clock nothing can be told any more", () => {
      const history = done(3).add("broker.started", { url: "", store: "memory", pid: 1 });
      expect(judge(history.release(1, 1, "expired"), name).result).toBe("pass");
    });
  });

  describe("a lease that ends as a lost agent's", () => {
    it("fails where the next instance of an agent that is there does not know it", () => {
      const { detail } = judge(restarted(done()).release(1, 1, "agent-lost"), name);
      expect(detail).toContain("was not known to the next instance");
      const back = restarted(done(3).add("broker.agent", lost)).release(1, 1, "agent-lost");
      expect(judge(back, name).result).toBe("fail");
      const again = restarted(done(3))
        .add("broker.agent", lost)
        .add("broker.agent", { ...lost, standing: "active" });
      expect(judge(again.release(1, 1, "agent-lost"), name).result).toBe("fail");
    });

    it("passes where nobody got through, so that the agent is lost", () => {
      const silent = restarted(done(3)).add("broker.agent", lost);
      expect(judge(silent.release(1, 1, "agent-lost"), name).result).toBe("pass");
    });

    it("passes where an old message made the broker heed an instance that is over", () => {
      const stale = restarted(done()).add("broker.enrolled", { agentId, instanceId: "one", again: true });
      expect(judge(stale.release(1, 1, "agent-lost"), name).result).toBe("pass");
    });

    it.each([
      ["lose-history", [agentId]],
      ["lose-store", []],
    ] as const)("passes where nobody can tell after %s what the broker makes of it", (which, subjects) => {
      const untold = () => fault(restarted(done()), which, ...subjects);
      expect(judge(untold().release(1, 1, "agent-lost"), name).result).toBe("pass");
      expect(judge(beats(untold(), 1).release(1, 1, "agent-lost"), name).result).toBe("pass");
      expect(judge(restarted(untold()).release(1, 1, "agent-lost"), name).result).toBe("fail");
    });
  });

  it.each(["lose-store", "lose-history"] as const)("leaves out a job that %s names, and no other", (which) => {
    const excused = (...jobs: readonly string[]) => fault(done(), which, ...jobs).release(1, 1, "handed-back");
    expect(judge(excused("job-1"), name).result).toBe("unknown");
    expect(judge(excused("job-2"), name).result).toBe("fail");
    // Completed by an instance that was killed before the store forgot it.
    expect(judge(fault(restarted(done()), which, "job-1").release(1, 1, "handed-back"), name).result).toBe("unknown");
  });

  it("counts a lease's own end alone", () => {
    const history = done().release(1, 2, "declined");
    expect(judge(history.release(1, 1, "handed-back"), name).result).toBe("fail");
  });

  it.each(["revoked", "cancelled"] as const)("passes a lease that was %s before the result got through", (how) => {
    expect(judge(done(3).release(1, 1, how), name).result).toBe("pass");
  });
});
