import { describe, expect, test } from "vitest";

import { CoreAgent, CoreBroker, answerOf, named } from "../testing/core-broker.ts";
import { jobViews } from "./views.ts";

describe("a job that is not to be leased again (case 5)", () => {
  test.each(["falls silent", "comes back without it"])("fails when its holder %s, and nobody else gets it", (how) => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit(1, { redeliveriesMax: 0 });
    const holder = new CoreAgent(broker, { number: 1 }).enrol();
    const other = new CoreAgent(broker, { number: 2 }).enrol().connect();
    expect(holder.takeWork()).toHaveLength(1);
    other.heartbeat();
    if (how === "falls silent") broker.advance(broker.timing.leaseTtlMs);
    else {
      holder.startAnew();
      holder.enrol().heartbeat({ slotsFree: 0 });
    }
    expect(broker.job(jobId!)).toMatchObject({ state: "failed", epoch: 1, redeliveries: 0 });
    expect(broker.job(jobId!).error).toContain("0 times before, which is its limit");
    expect([other.enrol().takeWork(), holder.enrol().takeWork()]).toEqual([[], []]);
  });

  test("goes on at its holder when that was only away for a while", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit(1, { redeliveriesMax: 0 });
    const holder = new CoreAgent(broker).enrol();
    const [lease] = holder.takeWork();
    broker.advance(broker.timing.leaseTtlMs - 1);
    expect(holder.record.standing).toBe("lost");
    expect(holder.heartbeat({ slotsFree: 0, leases: [named(lease!)] }).renewed).toHaveLength(1);
    answerOf(holder.complete(lease!));
    expect(broker.job(jobId!).state).toBe("completed");
  });
});

describe("a job that was lost before, short of its limit (case 20)", () => {
  function lostTwice() {
    const broker = new CoreBroker();
    const [jobId] = broker.submit(1, { redeliveriesMax: 2 });
    const agent = new CoreAgent(broker).enrol();
    for (let loss = 0; loss < 2; loss += 1) {
      agent.takeWork();
      broker.advance(broker.timing.leaseTtlMs);
      broker.waitOut(jobId!);
    }
    expect(broker.job(jobId!)).toMatchObject({ state: "queued", redeliveries: 2 });
    return { broker, jobId: jobId!, agent };
  }

  test("is leased again and completed: only the loss beyond the limit fails it", () => {
    const { broker, jobId, agent } = lostTwice();
    const [lease] = agent.takeWork();
    for (let beat = 0; beat < 5; beat += 1) {
      broker.advance(broker.timing.leaseTtlMs - 1);
      agent.heartbeat({ slotsFree: 0, leases: [named(lease!)] });
    }
    answerOf(agent.complete(lease!));
    expect(broker.job(jobId)).toMatchObject({ state: "completed", redeliveries: 2 });
  });

  test("is not failed by what its donors do, nor by a restart of the broker", () => {
    const { broker, jobId, agent } = lostTwice();
    for (let round = 0; round < 5; round += 1) {
      const [lease] = agent.takeWork();
      answerOf(agent.giveBack(lease!, 1));
      broker.restart();
    }
    const [lease] = agent.takeWork();
    answerOf(agent.shutdown([lease!]));
    expect(broker.job(jobId)).toMatchObject({ state: "queued", redeliveries: 2 });
  });
});

test("the jobs that were given up are listed by themselves, without those that failed by their own end", () => {
  const broker = new CoreBroker();
  const [dead] = broker.submit(1, { redeliveriesMax: 0 });
  const [failed, completed, cancelled] = broker.submit(3);
  const agent = new CoreAgent(broker, { slots: 4 }).enrol();
  const [, second, third] = agent.takeWork();
  answerOf(agent.complete(second!, { exitCode: 1 }));
  answerOf(agent.complete(third!));
  answerOf(broker.do({ type: "cancel", jobId: cancelled! }));
  broker.advance(broker.timing.leaseTtlMs);
  expect([dead, failed, completed].map((jobId) => broker.job(jobId!).state)).toEqual(["failed", "failed", "completed"]);
  expect(jobViews(broker.state, { onlyDead: true })).toMatchObject([{ jobId: dead, state: "failed" }]);
  broker.restart();
  expect(jobViews(broker.state, { onlyDead: true }).map(({ jobId }) => jobId)).toEqual([dead]);
});
