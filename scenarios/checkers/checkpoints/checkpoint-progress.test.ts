import { describe, expect, it } from "vitest";

import { agentId, checkpointAt, HistoryBuilder } from "../../testing/history-builder.ts";
import { judge } from "../../testing/judge.ts";

const name = "checkpoint-progress";

describe("checkpoint-progress of jobs", () => {
  const handedBack = () =>
    new HistoryBuilder()
      .lease(1, 1)
      .release(1, 1, "handed-back", { checkpoint: checkpointAt(40) })
      .lease(1, 2);

  it("passes when the next holder goes on from the recorded checkpoint", () => {
    expect(judge(handedBack().save(1, 2, 40).release(1, 2, "completed", { progress: 41 }), name).result).toBe("pass");
  });

  it("fails when the next holder stands behind it", () => {
    expect(judge(handedBack().save(1, 2, 39), name)).toMatchObject({
      detail: "job-1 stood at 40 and was then checkpointed at 39",
      story: [expect.stringContaining("released"), expect.stringContaining("checkpoint")],
    });
    expect(judge(handedBack().release(1, 2, "completed", { progress: 7 }), name).result).toBe("fail");
  });

  it("fails when one holder's checkpoints go backwards", () => {
    expect(judge(new HistoryBuilder().lease(1, 1).save(1, 1, 9).save(1, 1, 8), name).result).toBe("fail");
    expect(judge(new HistoryBuilder().lease(1, 1).save(1, 1, 9).save(1, 1, 9), name).result).toBe("pass");
  });

  it("fails when a recorded checkpoint is lost or replaced by an earlier one", () => {
    expect(judge(handedBack().release(1, 2, "expired"), name).result).toBe("fail");
    const earlier = handedBack().release(1, 2, "expired", { checkpoint: checkpointAt(39) });
    expect(judge(earlier, name).detail).toBe("job-1 had a checkpoint at 40 and then one at 39");
    const same = handedBack().release(1, 2, "handed-back", { progress: 0, checkpoint: checkpointAt(40) });
    expect(judge(same, name).result).toBe("pass");
  });

  it("does not heed what a holder saves whose lease is over, or what a lost store forgot", () => {
    expect(judge(handedBack().save(1, 1, 3), name).result).toBe("unknown");
    expect(judge(handedBack().loseStore(1).lease(1, 3).save(1, 3, 3), name).result).toBe("pass");
    expect(judge(handedBack().loseStore(2).release(1, 2, "expired"), name).result).toBe("fail");
  });
});

describe("checkpoint-progress of acknowledged pauses", () => {
  const running = () => new HistoryBuilder().start().state("Enrolling", "Working", "enrolled");
  const frozen = (sandboxes: number) => running().freeze(sandboxes);
  const paused = (history: HistoryBuilder) => history.state("Working", "Paused", "paused");
  const acknowledge = (history: HistoryBuilder) =>
    history.add("broker.pause-acknowledged", { agentId, freezeMs: 1, checkpoints: 0 });
  const gaveUp = (history: HistoryBuilder, job: number) =>
    history.add("agent.checkpoint-failed", {
      ...{ jobId: `job-${job}`, leaseId: `lease-${job}-1`, epoch: 1 },
      ...{ trigger: "pause", reason: "no space" },
    });

  it("passes when every frozen sandbox has a checkpoint, or was given up by name", () => {
    expect(judge(acknowledge(paused(gaveUp(frozen(2).save(1, 1, 5), 2))).thaw(), name).result).toBe("pass");
    expect(judge(acknowledge(paused(frozen(0))), name).result).toBe("pass");
  });

  it("fails when one is missing, at the thaw or at the end", () => {
    const early = () => acknowledge(paused(frozen(2).save(1, 1, 5)));
    expect(judge(early().thaw(), name).detail).toContain("with 1 sandboxes that have no checkpoint");
    expect(judge(early(), name).result).toBe("fail");
    expect(judge(acknowledge(paused(frozen(2).save(1, 1, 5).save(1, 1, 5))).thaw(), name).result).toBe("fail");
  });

  it("learns from the broker whose an instance is that does not say so itself", () => {
    const nameless = new HistoryBuilder().start("one", { agentId: null }).freeze(1);
    nameless.add("broker.enrolled", { agentId, instanceId: "one", again: false });
    expect(judge(acknowledge(paused(nameless)).thaw(), name).result).toBe("fail");
  });

  it("does not count the checkpoints of an earlier freeze", () => {
    const again = frozen(1).save(1, 1, 5).thaw().freeze(1);
    expect(judge(acknowledge(paused(again)).thaw(), name).result).toBe("fail");
  });

  it("excuses a sandbox whose end crossed the freeze, which is told before the thaw", () => {
    const crossed = () => acknowledge(paused(frozen(1)));
    expect(judge(crossed().execution(1, "running", "completed").thaw(), name).result).toBe("pass");
    expect(judge(crossed().thaw().execution(1, "running", "completed"), name).result).toBe("fail");
    expect(judge(crossed().release(1, 1, "completed").thaw(), name).result).toBe("pass");
  });

  it("fails on an acknowledgement of an agent that never paused", () => {
    const enrolment = { agentId, instanceId: "one", again: false };
    const never = () => frozen(1).save(1, 1, 5);
    expect(judge(acknowledge(never().add("broker.enrolled", enrolment)), name).detail).toContain("never paused");
    // Not known to the broker yet: it is what an earlier instance sent.
    expect(judge(acknowledge(never()), name).result).toBe("pass");
  });

  it("does not fail on what an earlier instance sent, while a late wish of it is heeded in place of the next one's", () => {
    const enrols = (history: HistoryBuilder, instanceId: string) =>
      history.add("broker.enrolled", { agentId, instanceId, again: true });
    const next = () => enrols(enrols(new HistoryBuilder().start(), "one").start("two"), "two");
    expect(judge(acknowledge(next()), name).detail).toContain("never paused");
    expect(judge(acknowledge(enrols(next(), "one")), name).result).toBe("pass");
    expect(judge(acknowledge(enrols(enrols(next(), "one"), "two")), name).result).toBe("fail");
    // A store that forgot the later enrolment heeds the earlier one again.
    expect(judge(acknowledge(next().loseStore()), name).result).toBe("pass");
    expect(judge(acknowledge(enrols(next().loseStore(), "two")), name).result).toBe("fail");
  });

  it("does not fail on one that arrives late, in another freeze", () => {
    const late = paused(frozen(1).save(1, 1, 5))
      .state("Paused", "Working", "resumeAsked")
      .thaw();
    expect(judge(acknowledge(late.freeze(1)).thaw(), name).result).toBe("pass");
  });
});
