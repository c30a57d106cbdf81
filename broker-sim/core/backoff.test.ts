import { describe, expect, test } from "vitest";

import { backoffAfter } from "../../protocol/backoff.ts";
import { CoreAgent, CoreBroker, answerOf, named } from "../testing/core-broker.ts";

const timing = { backoffMs: 1_000, backoffMsMax: 5_000 };

/** One job, and an agent of one slot that has it. */
function leased(redeliveriesMax = 9) {
  const broker = new CoreBroker(timing);
  const [jobId] = broker.submit(1, { redeliveriesMax });
  const agent = new CoreAgent(broker, { slots: 1 }).enrol();
  const [lease] = agent.takeWork();
  return { broker, agent, jobId: jobId!, lease: lease! };
}

type Scene = ReturnType<typeof leased>;

const failures: [string, (scene: Scene) => void][] = [
  ["its lease expired", ({ broker }) => broker.advance(broker.timing.leaseTtlMs)],
  [
    "its lease expired at an agent that was heard",
    ({ broker, agent }) => {
      broker.advance(broker.timing.leaseTtlMs - 1);
      agent.heartbeat({ slotsFree: 0 });
      broker.advance(1);
    },
  ],
  [
    "its agent came back without it",
    ({ agent }) => {
      agent.startAnew();
      agent.enrol().heartbeat({ slotsFree: 0 });
    },
  ],
  [
    "it could not be started",
    ({ broker, agent, lease: { leaseId, epoch } }) => {
      const message = { epoch, progress: 0, reason: "no such program", startFailed: true };
      answerOf(broker.do({ type: "return", caller: agent.caller, leaseId, message }));
    },
  ],
  [
    "its agent died with it",
    ({ broker, agent, lease: { leaseId, epoch } }) => {
      const message = { epoch, progress: 0, reason: "the agent died while it ran", agentDied: true };
      answerOf(broker.do({ type: "return", caller: agent.caller, leaseId, message }));
    },
  ],
];

describe("a job of which an attempt came to nothing", () => {
  test.each(failures)("is not offered before it has waited: %s", (_how, fail) => {
    const scene = leased();
    const { broker, jobId } = scene;
    fail(scene);
    const sinceMs = broker.nowMs;
    const { waitsUntil } = broker.job(jobId);
    const { leastMs, mostMs } = backoffAfter(1, broker.timing);
    expect(waitsUntil! - sinceMs).toBeGreaterThanOrEqual(leastMs);
    expect(waitsUntil! - sinceMs).toBeLessThanOrEqual(mostMs);
    const other = new CoreAgent(broker, { number: 2, slots: 1 }).enrol();
    expect(other.heartbeat().offers).toEqual([]);
    broker.advance(waitsUntil! - 1 - sinceMs);
    expect(other.heartbeat().offers).toEqual([]);
    broker.advance(1);
    expect(other.heartbeat().offers).toMatchObject([{ jobId }]);
    expect(broker.job(jobId).waitsUntil).toBeNull();
  });

  test("waits twice as long after each further one, up to the longest", () => {
    const { broker, agent, jobId } = leased();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      broker.advance(broker.timing.leaseTtlMs - 1);
      agent.heartbeat({ slotsFree: 0 });
      broker.advance(1);
      waits.push(broker.job(jobId).waitsUntil! - broker.nowMs);
      broker.waitOut(jobId);
      expect(agent.takeWork()).toMatchObject([{ jobId }]);
    }
    for (const [index, mostMs] of [1_000, 2_000, 4_000, 5_000, 5_000].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(mostMs / 2);
      expect(waits[index]).toBeLessThanOrEqual(mostMs);
    }
  });

  test("does not come back together with those that were lost with it, and always at the same time", () => {
    const waits = () => {
      const broker = new CoreBroker();
      const jobIds = broker.submit(20);
      new CoreAgent(broker, { slots: 20 }).enrol().takeWork();
      broker.advance(broker.timing.leaseTtlMs);
      return jobIds.map((jobId) => broker.job(jobId).waitsUntil! - broker.nowMs);
    };
    expect(new Set(waits()).size).toBeGreaterThan(10);
    expect(waits()).toEqual(waits());
  });

  test("wakes who waits for work when its wait is over, by an alarm of its own, and nobody before", () => {
    const scene = leased();
    const { broker, agent, jobId, lease } = scene;
    const other = new CoreAgent(broker, { number: 2, slots: 1 }).enrol().connect();
    other.heartbeat();
    const { leaseId, epoch } = lease;
    const message = { epoch, progress: 0, reason: "no such program", startFailed: true };
    answerOf(broker.do({ type: "return", caller: agent.caller, leaseId, message }));
    const untilMs = broker.job(jobId).waitsUntil!;
    expect(broker.effects.findLast(({ kind }) => kind === "alarm")).toEqual({ kind: "alarm", atMs: untilMs });
    broker.advance(untilMs - 1 - broker.nowMs);
    expect(broker.pushed(other)).toEqual([]);
    broker.advance(1);
    expect(broker.pushed(other)).toEqual(["work_available"]);
  });

  test("goes on waiting over a restart of the broker, neither anew nor for less", () => {
    const scene = leased();
    const { broker, agent, jobId } = scene;
    agent.startAnew();
    agent.enrol().heartbeat({ slotsFree: 0 });
    const untilMs = broker.job(jobId).waitsUntil!;
    broker.advance(100);
    broker.restart();
    expect(agent.heartbeat().offers).toEqual([]);
    broker.advance(untilMs - 1 - broker.nowMs);
    expect(agent.heartbeat().offers).toEqual([]);
    broker.advance(1);
    expect(agent.heartbeat().offers).toMatchObject([{ jobId }]);
  });

  test("is there at once if its time went by while the broker was away", () => {
    const { broker, agent, jobId } = leased();
    agent.startAnew();
    agent.enrol().heartbeat({ slotsFree: 0 });
    broker.nowMs = broker.job(jobId).waitsUntil!;
    broker.restart();
    expect(agent.heartbeat().offers).toMatchObject([{ jobId }]);
  });

  test("waits for no longer than the longest after the machine's clock was set back", () => {
    const { broker, agent, jobId } = leased();
    agent.startAnew();
    agent.enrol().heartbeat({ slotsFree: 0 });
    broker.nowMs -= 500_000;
    broker.restart();
    expect(broker.job(jobId).waitsUntil).toBe(broker.nowMs + timing.backoffMsMax);
    broker.advance(timing.backoffMsMax);
    expect(agent.heartbeat().offers).toMatchObject([{ jobId }]);
  });

  test("takes no later job's place meanwhile, and its own when it is back", () => {
    const { broker, agent, jobId } = leased();
    const [second, third] = broker.submit(2);
    agent.startAnew();
    agent.enrol();
    expect(agent.heartbeat({ slotsFree: 1 }).offers).toMatchObject([{ jobId: second }]);
    broker.waitOut(jobId);
    const other = new CoreAgent(broker, { number: 2, slots: 2 }).enrol();
    expect(other.heartbeat().offers).toMatchObject([{ jobId }, { jobId: third }]);
  });

  test("can be cancelled while it waits, and nothing comes of its wait", () => {
    const { broker, agent, jobId } = leased();
    agent.startAnew();
    agent.enrol().heartbeat({ slotsFree: 0 });
    const untilMs = broker.job(jobId).waitsUntil!;
    answerOf(broker.do({ type: "cancel", jobId }));
    broker.advance(untilMs - broker.nowMs);
    expect(broker.job(jobId)).toMatchObject({ state: "cancelled", waitsUntil: null });
    expect(agent.heartbeat().offers).toEqual([]);
  });

  test("does not wait for what would have been its last attempt: it has failed", () => {
    const { broker, jobId } = leased(0);
    broker.advance(broker.timing.leaseTtlMs);
    expect(broker.job(jobId)).toMatchObject({ state: "failed", waitsUntil: null });
  });
});

describe("a job that its donor gave back", () => {
  const handBacks: [string, (scene: Scene) => unknown][] = [
    ["it was returned", ({ agent, lease }) => answerOf(agent.giveBack(lease, 3))],
    ["it was declined", ({ agent, lease }) => answerOf(agent.decline(lease))],
    ["its agent shut down", ({ agent, lease }) => answerOf(agent.shutdown([lease]))],
    ["its agent withdrew", ({ agent, lease }) => answerOf(agent.withdraw([lease]))],
    ["its agent withdrew, and did not name it", ({ agent }) => answerOf(agent.withdraw([]))],
  ];
  test.each(handBacks)("is offered at once: %s", (_how, giveBack) => {
    const scene = leased();
    const { broker, jobId } = scene;
    giveBack(scene);
    expect(broker.job(jobId)).toMatchObject({ state: "queued", waitsUntil: null });
    const other = new CoreAgent(broker, { number: 2 }).enrol();
    expect(other.heartbeat().offers).toMatchObject([{ jobId }]);
  });

  test("is offered at once when its offer lapsed, and goes on at a holder that was only paused", () => {
    const broker = new CoreBroker(timing);
    const [jobId] = broker.submit(1);
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    agent.heartbeat();
    broker.advance(broker.timing.offerTtlMs);
    expect(broker.job(jobId!)).toMatchObject({ state: "queued", waitsUntil: null });
    const [lease] = agent.takeWork();
    expect(agent.heartbeat({ state: "Paused", slotsFree: 0, leases: [named(lease!)] }).renewed).toHaveLength(1);
  });
});
