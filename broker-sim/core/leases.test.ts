import { describe, expect, test } from "vitest";

import { CoreAgent, CoreBroker, answerOf, codeOf, named } from "../testing/core-broker.ts";

describe("offers", () => {
  test("are made in the order of submission, up to the free slots, each under epoch 1", () => {
    const broker = new CoreBroker();
    const jobIds = broker.submit(3);
    const { offers } = new CoreAgent(broker, { slots: 2 }).enrol().heartbeat();
    expect(offers.map(({ jobId, epoch }) => ({ jobId, epoch }))).toEqual([
      { jobId: jobIds[0], epoch: 1 },
      { jobId: jobIds[1], epoch: 1 },
    ]);
  });

  test("that lapse go back to the front, and the agent is told so when it comes too late", () => {
    const broker = new CoreBroker();
    const [first] = broker.submit(2);
    const agent = new CoreAgent(broker).enrol();
    const [offer] = agent.heartbeat({ slotsFree: 1 }).offers;
    broker.advance(broker.timing.offerTtlMs);
    expect(codeOf(agent.accept(offer!))).toBe("offer-lapsed");
    expect(broker.job(first!)).toMatchObject({ state: "queued", epoch: 1, redeliveries: 0 });
    expect(agent.heartbeat({ slotsFree: 1 }).offers[0]).toMatchObject({ jobId: first, epoch: 2 });
  });

  test("accepted twice are one lease, answered alike", () => {
    const broker = new CoreBroker();
    broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [offer] = agent.heartbeat().offers;
    const once = answerOf(agent.accept(offer!));
    broker.advance(10);
    expect(answerOf(agent.accept(offer!))).toEqual(once);
    expect(broker.history("broker.leased")).toHaveLength(1);
  });

  test("that are declined go to the next agent at once", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const busy = new CoreAgent(broker, { number: 1 }).enrol();
    const [offer] = busy.heartbeat().offers;
    answerOf(busy.decline(offer!));
    expect(new CoreAgent(broker, { number: 2 }).enrol().heartbeat().offers[0]).toMatchObject({ jobId, epoch: 2 });
  });

  test("whose answer was lost are made again, the same ones (case 6)", () => {
    const broker = new CoreBroker();
    broker.submit(5);
    const agent = new CoreAgent(broker, { slots: 3 }).enrol();
    const lost = agent.heartbeat({ slotsFree: 2 }).offers;
    const again = agent.heartbeat({ slotsFree: 3 }).offers;
    expect(again.slice(0, 2)).toEqual(lost);
    expect(again).toHaveLength(3);
  });

  test("under way are not made again to an agent that counts them", () => {
    const broker = new CoreBroker();
    broker.submit(5);
    const agent = new CoreAgent(broker, { slots: 3 }).enrol();
    agent.heartbeat({ slotsFree: 2 });
    expect(agent.heartbeat({ slotsFree: 1 }).offers.map(({ leaseId }) => leaseId)).toEqual(["lease-boot0-3-1"]);
  });

  test.each(["Paused", "Withdrawing", "Enrolling", "Withdrawn"] as const)(
    "are not made to an agent in state %s",
    (state) => {
      const broker = new CoreBroker();
      broker.submit();
      const agent = new CoreAgent(broker).enrol();
      expect(agent.heartbeat({ state }).offers).toEqual([]);
    },
  );

  test("that are open when the agent pauses go back at once", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [offer] = agent.heartbeat().offers;
    answerOf(
      broker.do({ type: "paused", caller: agent.caller, message: { reason: "owner", freezeMs: 1, checkpoints: [] } }),
    );
    expect(codeOf(agent.accept(offer!))).toBe("offer-lapsed");
    expect(broker.job(jobId!).state).toBe("queued");
  });
});

describe("leases", () => {
  test("of an earlier instance make no room that the later one does not have", () => {
    const broker = new CoreBroker();
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    const [jobId] = broker.submit(1);
    agent.takeWork();
    agent.startAnew();
    agent.enrol();
    expect(agent.heartbeat({ slotsFree: 0 }).offers).toEqual([]);
    broker.waitOut(jobId!);
    expect(agent.heartbeat({ slotsFree: 1 }).offers).toHaveLength(1);
  });

  test("live on while heartbeats name them (case 18)", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    for (let beat = 0; beat < 10; beat += 1) {
      broker.advance(broker.timing.leaseTtlMs - 1);
      expect(agent.heartbeat({ state: "Working", slotsFree: 0, leases: [named(lease!, beat)] })).toMatchObject({
        renewed: [{ leaseId: lease!.leaseId, expiresAt: broker.nowMs + broker.timing.leaseTtlMs }],
        lost: [],
      });
    }
    expect(broker.job(jobId!)).toMatchObject({ state: "leased", epoch: 1, progress: 9 });
  });

  test("that a renewal reaches at their last moment, or later, stay expired (case 2)", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    // No tick comes first: the broker's timer may be late.
    broker.nowMs += broker.timing.leaseTtlMs;
    const answer = agent.heartbeat({ slotsFree: 0, leases: [named(lease!)] });
    expect(answer.renewed).toEqual([]);
    expect(answer.lost).toEqual([
      { leaseId: lease!.leaseId, reason: expect.stringContaining("over; the job is queued") as string },
    ]);
    expect(broker.job(jobId!)).toMatchObject({ state: "queued", redeliveries: 1 });
  });

  test("of another agent, of no job and of an older epoch are answered as lost", () => {
    const broker = new CoreBroker();
    broker.submit();
    const holder = new CoreAgent(broker, { number: 1 }).enrol();
    const [lease] = holder.takeWork();
    const other = new CoreAgent(broker, { number: 2 }).enrol();
    const unknown = { ...lease!, leaseId: "lease-nowhere-1-1", jobId: "job-nowhere-1" };
    const { lost, renewed } = other.heartbeat({ leases: [named(lease!), named(unknown)] });
    expect(lost.map(({ leaseId }) => leaseId)).toEqual([lease!.leaseId, unknown.leaseId]);
    expect(renewed).toEqual([]);
  });

  test("expire at most redeliveriesMax times, then the job fails and says why (cases 18 and 19)", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit(1, { redeliveriesMax: 2 });
    const agent = new CoreAgent(broker).enrol();
    for (let grant = 1; grant <= 3; grant += 1) {
      expect(agent.takeWork()[0]).toMatchObject({ jobId, epoch: grant });
      broker.advance(broker.timing.leaseTtlMs);
      broker.waitOut(jobId!);
    }
    expect(broker.job(jobId!)).toMatchObject({ state: "failed", redeliveries: 2, exitCode: null });
    expect(broker.job(jobId!).error).toContain("2 times before, which is its limit");
    expect(agent.takeWork()).toEqual([]);
  });

  test("keep their epochs apart when the store was restored from an old copy (case 9)", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const old = structuredClone(broker.job(jobId!));
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    broker.storedJobs.set(jobId!, old);
    broker.restart();
    const { lost, offers } = agent.heartbeat({ slotsFree: 1, leases: [named(lease!)] });
    expect(lost).toHaveLength(1);
    expect(offers[0]).toMatchObject({ jobId, epoch: 2 });
  });
});

describe("completion", () => {
  test("is taken once; the same again is answered alike, another is not (case 16)", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    answerOf(agent.complete(lease!));
    expect(broker.job(jobId!)).toMatchObject({
      state: "completed",
      exitCode: 0,
      result: "42",
      completedAt: broker.nowMs,
    });
    broker.advance(5_000);
    expect(codeOf(agent.complete(lease!))).toBe("ok");
    expect(codeOf(agent.complete(lease!, { exitCode: 1 }))).toBe("job-settled");
    expect(broker.history("broker.released")).toHaveLength(1);
  });

  test("under an old epoch is fenced, and the job completes once (case 1)", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const frozen = new CoreAgent(broker, { number: 1 }).enrol();
    const [stale] = frozen.takeWork();
    broker.advance(2 * broker.timing.leaseTtlMs);
    const other = new CoreAgent(broker, { number: 2 }).enrol();
    const [fresh] = other.takeWork();
    expect(fresh).toMatchObject({ jobId, epoch: 2 });
    expect(codeOf(frozen.complete(stale!))).toBe("fenced");
    expect(codeOf(frozen.complete({ ...stale!, epoch: 2 }))).toBe("fenced");
    answerOf(other.complete(fresh!));
    expect(codeOf(frozen.complete(stale!))).toBe("fenced");
  });

  test("of a live lease by somebody else, or with another epoch, is fenced", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const holder = new CoreAgent(broker, { number: 1 }).enrol();
    const [lease] = holder.takeWork();
    const other = new CoreAgent(broker, { number: 2 }).enrol();
    expect(codeOf(other.complete(lease!))).toBe("fenced");
    expect(codeOf(other.giveBack(lease!, 1))).toBe("fenced");
    expect(codeOf(holder.complete({ ...lease!, epoch: 2 }))).toBe("fenced");
    expect(broker.job(jobId!).state).toBe("leased");
  });

  test("under a lapsed lease is fenced though nobody has the job yet", () => {
    const broker = new CoreBroker();
    broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    broker.nowMs += broker.timing.leaseTtlMs;
    expect(codeOf(agent.complete(lease!))).toBe("fenced");
  });

  test("under an offer that was never accepted is fenced", () => {
    const broker = new CoreBroker();
    broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [offer] = agent.heartbeat().offers;
    expect(codeOf(agent.complete(offer!))).toBe("fenced");
  });

  test("of a failed job is final", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    answerOf(agent.complete(lease!, { exitCode: 3 }));
    expect(broker.job(jobId!)).toMatchObject({ state: "failed", exitCode: 3 });
    expect(agent.takeWork()).toEqual([]);
  });
});

describe("handing back", () => {
  test("puts the job in front, with its checkpoint, and is not counted against it (case 42)", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit(3);
    const agent = new CoreAgent(broker, { number: 1 }).enrol();
    const [lease] = agent.takeWork(1);
    const checkpoint = broker.checkpoint("one", 40);
    answerOf(agent.giveBack(lease!, 45, checkpoint));
    expect(broker.job(jobId!)).toMatchObject({ state: "queued", redeliveries: 0, progress: 40 });
    const [next] = new CoreAgent(broker, { number: 2 }).enrol().heartbeat().offers;
    expect(next).toMatchObject({ jobId, epoch: 2, checkpoint });
  });

  test("repeated after a lost answer is answered alike", () => {
    const broker = new CoreBroker();
    broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    answerOf(agent.giveBack(lease!, 1));
    expect(codeOf(agent.giveBack(lease!, 1))).toBe("ok");
    const [next] = agent.takeWork();
    expect(codeOf(agent.giveBack(lease!, 1))).toBe("ok");
    expect(broker.job(next!.jobId).state).toBe("leased");
  });

  test("of an offer whose acceptance never arrived takes the offer back", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [offer] = agent.heartbeat().offers;
    answerOf(agent.giveBack(offer!, 0));
    expect(broker.job(jobId!)).toMatchObject({ state: "queued", redeliveries: 0 });
  });

  test("keeps the earlier checkpoint when the last one's blobs are missing, and says so", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    const first = broker.checkpoint("one", 10);
    answerOf(agent.progress(lease!, 10, first));
    answerOf(agent.giveBack(lease!, 30, { ...first, archiveDigest: "f".repeat(64), progress: 30 }));
    expect(broker.job(jobId!)).toMatchObject({ checkpoint: first, progress: 10 });
    expect(broker.job(jobId!).handedBackReason).toContain("without its last checkpoint");
  });
});
