import { describe, expect, test } from "vitest";
import type * as z from "zod";

import type { Lease } from "../../protocol/messages.ts";
import { CoreAgent, CoreBroker, answerOf, codeOf } from "../testing/core-broker.ts";

type OpenLease = z.infer<typeof Lease>;

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
    for (let round = 0; round < 20; round += 1) {
      const [lease] = agent.takeWork();
      if (lease === undefined) break;
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
    for (let round = 0; round < 3; round += 1) {
      const [offer] = agent.heartbeat({ slotsFree: 1 }).offers;
      if (offer!.jobId === good) answerOf(agent.accept(offer!));
      else declineIt(agent, offer!, true);
      if (offer!.jobId === good) break;
    }
    expect(broker.job(good!).state).toBe("leased");
    expect(broker.job(bad!)).toMatchObject({ state: "queued", redeliveries: 0 });
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
