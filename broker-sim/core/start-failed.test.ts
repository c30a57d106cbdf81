import { describe, expect, test } from "vitest";
import type * as z from "zod";

import type { Lease } from "../../protocol/messages.ts";
import { defaultTiming } from "../../protocol/timing.ts";
import { CoreAgent, CoreBroker, answerOf, codeOf } from "../testing/core-broker.ts";
import { brokerLimits } from "./broker-limits.ts";

type OpenLease = z.infer<typeof Lease>;

const { startAgainAfterMs, heartbeatIntervalMs } = defaultTiming;

/** Lets time go by with a heartbeat now and then, so that nobody is lost. */
function beat(agent: CoreAgent, forMs: number): void {
  const endMs = agent.broker.nowMs + forMs;
  while (agent.broker.nowMs < endMs) {
    agent.broker.advance(Math.min(heartbeatIntervalMs, endMs - agent.broker.nowMs));
    if (agent.broker.nowMs < endMs) agent.heartbeat({ slotsFree: 0 });
  }
}

/** Gives a lease back that could not be started, as the agents do. */
function failToStart({ broker, caller }: CoreAgent, { leaseId, epoch }: OpenLease): void {
  const message = { epoch, progress: 0, reason: "it could not be started", startFailed: true };
  answerOf(broker.do({ type: "return", caller, leaseId, message }));
}

function declineIt({ broker, caller }: CoreAgent, { leaseId, epoch }: OpenLease, startFailed: boolean): void {
  const message = { epoch, reason: "it could not be started before", startFailed };
  answerOf(broker.do({ type: "decline", caller, leaseId, message }));
}

describe("a start that failed", () => {
  test("counts, and waits behind the others", () => {
    const broker = new CoreBroker();
    const [bad, good] = broker.submit(2);
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    failToStart(agent, agent.takeWork()[0]!);
    expect(broker.job(bad!)).toMatchObject({ state: "queued", redeliveries: 1 });
    expect(broker.history("broker.released")).toMatchObject([{ jobId: bad, how: "handed-back" }]);
    expect(agent.takeWork()).toMatchObject([{ jobId: good }]);
  });

  test("ends a job that starts nowhere after its redeliveries, and no job behind it waits for that", () => {
    const broker = new CoreBroker();
    const [bad] = broker.submit(1, { redeliveriesMax: 2 });
    const behind = broker.submit(4);
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    const tried: string[] = [];
    for (let round = 0; round < 20 && broker.job(bad!).completedAt === null; round += 1) {
      const [lease] = agent.takeWork();
      if (lease === undefined) {
        beat(agent, startAgainAfterMs);
        continue;
      }
      tried.push(lease.jobId);
      if (lease.jobId === bad) failToStart(agent, lease);
      else answerOf(agent.complete(lease));
    }
    expect(tried).toEqual([bad, ...behind, bad, bad]);
    expect(broker.job(bad!)).toMatchObject({ state: "failed", redeliveries: 2 });
    expect(broker.job(bad!).error).toContain("it could not be started; it was leased again 2 times before");
    expect(behind.map((jobId) => broker.job(jobId).state)).toEqual(Array(4).fill("completed"));
  });

  test("of a job without redeliveries ends it at once, and the same again is answered alike", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit(1, { redeliveriesMax: 0 });
    const agent = new CoreAgent(broker).enrol();
    const [lease] = agent.takeWork();
    failToStart(agent, lease!);
    failToStart(agent, lease!);
    expect(broker.job(jobId!)).toMatchObject({ state: "failed", redeliveries: 0 });
  });

  test("told with a decline puts the job behind the others and counts nothing: nobody tried", () => {
    const broker = new CoreBroker();
    const [bad, good] = broker.submit(2, { redeliveriesMax: 0 });
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    const [offer] = agent.heartbeat({ slotsFree: 1 }).offers;
    declineIt(agent, offer!, true);
    expect(agent.takeWork()).toMatchObject([{ jobId: good }]);
    expect(broker.job(bad!)).toMatchObject({ state: "queued", redeliveries: 0 });
  });
});

describe("a job that an agent could not start", () => {
  /** An agent with a stream that gave back the only job there is, which has waited for long enough since. */
  function afterFailure(how: "return" | "decline" = "return") {
    const broker = new CoreBroker();
    const [jobId] = broker.submit(1);
    const agent = new CoreAgent(broker, { slots: 1 }).enrol().connect();
    const [offer] = agent.heartbeat().offers;
    if (how === "decline") declineIt(agent, offer!, true);
    else {
      answerOf(agent.accept(offer!));
      failToStart(agent, offer!);
      broker.waitOut(jobId!);
    }
    return { broker, agent, jobId: jobId! };
  }

  test.each(["return", "decline"] as const)("(%s) is offered to others first, and to it after a while", (how) => {
    const { broker, agent, jobId } = afterFailure(how);
    expect(agent.heartbeat().offers).toEqual([]);
    const againMs = agent.knowledge.unstartable.get(jobId)!;
    beat(agent, againMs - 1 - broker.nowMs);
    expect(agent.heartbeat().offers).toEqual([]);
    const other = new CoreAgent(broker, { number: 2 }).enrol();
    const [offer] = other.heartbeat().offers;
    expect(offer).toMatchObject({ jobId });
    answerOf(other.giveBack(offer!, 0));
    broker.advance(1);
    expect(agent.heartbeat().offers).toMatchObject([{ jobId }]);
  });

  test("wakes its agent neither now nor with its heartbeats, and another that waits at once", () => {
    const { broker, agent } = afterFailure();
    const other = new CoreAgent(broker, { number: 2, slots: 1 }).enrol().connect();
    for (let count = 0; count < 3; count += 1) agent.heartbeat();
    expect(broker.pushed(agent)).toEqual([]);
    // Both wait when it comes back to the queue, the one that cannot start it for longer.
    const [offer] = other.heartbeat().offers;
    answerOf(agent.tryHeartbeat());
    answerOf(other.decline(offer!));
    expect(broker.pushed(agent)).toEqual([]);
    const third = new CoreAgent(broker, { number: 3, slots: 1 }).enrol().connect();
    const [again] = third.heartbeat().offers;
    answerOf(other.tryHeartbeat());
    answerOf(third.decline(again!));
    expect(broker.pushed(agent)).toEqual([]);
    expect(broker.pushed(other)).toEqual(["work_available"]);
  });

  test("keeps its agent from no other job, and its place before those behind it", () => {
    const { broker, agent, jobId } = afterFailure();
    const [second, third] = broker.submit(2);
    expect(broker.pushed(agent)).toEqual([]);
    expect(agent.heartbeat().offers).toMatchObject([{ jobId: second }]);
    const other = new CoreAgent(broker, { number: 2, slots: 2 }).enrol();
    expect(other.heartbeat().offers).toMatchObject([{ jobId }, { jobId: third }]);
  });

  test("tells its agent of the next job that is for it", () => {
    const { broker, agent } = afterFailure();
    agent.heartbeat();
    expect(broker.pushed(agent)).toEqual([]);
    broker.submit(1);
    expect(broker.pushed(agent)).toEqual(["work_available"]);
  });

  test("is offered to the next instance at once", () => {
    const { agent, jobId } = afterFailure();
    agent.startAnew();
    expect(agent.enrol().heartbeat().offers).toMatchObject([{ jobId }]);
  });

  test("is told of anew after a restart of the broker", () => {
    const { broker, agent, jobId } = afterFailure();
    broker.restart();
    const [offer] = agent.heartbeat().offers;
    expect(offer).toMatchObject({ jobId });
    declineIt(agent, offer!, true);
    expect(agent.heartbeat().offers).toEqual([]);
  });

  test("is forgotten when there are too many, the first one first", () => {
    const broker = new CoreBroker();
    const jobs = broker.submit(brokerLimits.unstartableJobsMax + 1);
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    for (let count = 0; count < jobs.length; count += 1) failToStart(agent, agent.takeWork()[0]!);
    broker.waitOut(jobs[0]!);
    expect(agent.heartbeat().offers).toMatchObject([{ jobId: jobs[0] }]);
    expect(broker.state.queue.size + broker.state.queue.waiting).toBe(jobs.length - 1);
  });

  test("is forgotten with its agent's key", () => {
    const { broker, agent } = afterFailure();
    answerOf(agent.withdraw());
    expect(broker.state.agents.get(agent.agentId)?.unstartable.size).toBe(0);
  });
});

describe("what is given back for another reason", () => {
  test("goes to the front and does not count, whether it was leased or only offered", () => {
    const broker = new CoreBroker();
    const [first] = broker.submit(3, { redeliveriesMax: 0 });
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    const [lease] = agent.takeWork();
    expect(codeOf(agent.giveBack(lease!, 0))).toBe("ok");
    const [offer] = agent.heartbeat({ slotsFree: 1 }).offers;
    expect(offer).toMatchObject({ jobId: first });
    declineIt(agent, offer!, false);
    expect(agent.heartbeat({ slotsFree: 1 }).offers).toMatchObject([{ jobId: first }]);
    expect(broker.job(first!).redeliveries).toBe(0);
  });
});
