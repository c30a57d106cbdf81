import { describe, expect, test } from "vitest";

import { CoreAgent, CoreBroker, answerOf, codeOf, named } from "../testing/core-broker.ts";
import { jobOfLease, leaseIdOf } from "./lease-id.ts";

/** Some day on which brokers run; their clock counts from 1970. */
const dayMs = Date.UTC(2026, 10, 21);

function brokerOfToday(): CoreBroker {
  const broker = new CoreBroker();
  broker.nowMs = dayMs;
  // The first start is of today too.
  broker.restart();
  return broker;
}

/** Kills the broker and starts it from the store as it was then. */
function restartFrom(broker: CoreBroker, jobs: CoreBroker["storedJobs"], agents: CoreBroker["storedAgents"]): void {
  broker.storedJobs.clear();
  broker.storedAgents.clear();
  for (const [jobId, job] of jobs) broker.storedJobs.set(jobId, job);
  for (const [agentId, agent] of agents) broker.storedAgents.set(agentId, agent);
  broker.nowMs += 1_000;
  broker.restart();
}

const copyOf = ({ storedJobs, storedAgents }: CoreBroker) => structuredClone([storedJobs, storedAgents] as const);

describe("a broker whose store forgot its last commits", () => {
  test("never gives an epoch twice, though the holders have not been heard of yet (I1; cases 9 and 69)", () => {
    const broker = brokerOfToday();
    broker.submit();
    const holder = new CoreAgent(broker, { number: 1, slots: 1 }).enrol();
    const other = new CoreAgent(broker, { number: 2, slots: 1 }).enrol();
    const before = copyOf(broker);
    const epochs: number[] = [];
    for (let loss = 0; loss < 3; loss += 1) {
      // Granted, forgotten, and granted to the other before the holder says a word.
      const [lease] = (loss % 2 === 0 ? holder : other).takeWork();
      epochs.push(lease!.epoch);
      restartFrom(broker, ...structuredClone(before));
    }
    const [last] = other.takeWork();
    epochs.push(last!.epoch);
    expect(new Set(epochs).size).toBe(4);
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
  });

  test("tells the holder of a forgotten grant that it is lost, and fences its result (case 69)", () => {
    const broker = brokerOfToday();
    broker.submit();
    const holder = new CoreAgent(broker, { number: 1, slots: 1 }).enrol();
    const other = new CoreAgent(broker, { number: 2, slots: 1 }).enrol();
    const before = copyOf(broker);
    const [forgotten] = holder.takeWork();
    restartFrom(broker, ...before);
    const [granted] = other.takeWork();
    expect(granted!.epoch).toBeGreaterThan(forgotten!.epoch);
    expect(codeOf(holder.complete(forgotten!))).toBe("fenced");
    expect(codeOf(holder.giveBack(forgotten!, 1))).toBe("fenced");
    const { lost, renewed } = holder.heartbeat({ slotsFree: 0, leases: [named(forgotten!)] });
    expect(renewed).toEqual([]);
    expect(lost).toEqual([
      {
        leaseId: forgotten!.leaseId,
        reason: expect.stringContaining(`the job is leased, and its epoch ${granted!.epoch}`) as string,
      },
    ]);
    expect(codeOf(other.complete(granted!))).toBe("ok");
  });

  test("that brings back an offer from before a later grant makes no lease of it (I1)", () => {
    const broker = brokerOfToday();
    broker.submit();
    const first = new CoreAgent(broker, { number: 1, slots: 1 }).enrol();
    const second = new CoreAgent(broker, { number: 2, slots: 1 }).enrol();
    const [offer] = first.heartbeat().offers;
    const before = copyOf(broker);
    answerOf(first.decline(offer!));
    const [granted] = second.takeWork();
    restartFrom(broker, ...before);
    expect(first.heartbeat().offers.map(({ epoch }) => epoch > granted!.epoch)).toEqual([true]);
    expect(codeOf(first.accept(offer!))).toBe("offer-lapsed");
  });

  test("that knows nothing of a job any more says so, and takes no result of it", () => {
    const broker = brokerOfToday();
    const holder = new CoreAgent(broker, { slots: 1 }).enrol();
    const before = copyOf(broker);
    broker.submit();
    const [forgotten] = holder.takeWork();
    restartFrom(broker, ...before);
    expect(codeOf(holder.complete(forgotten!))).toBe("unknown-lease");
    expect(holder.heartbeat({ slotsFree: 0, leases: [named(forgotten!)] }).lost).toHaveLength(1);
  });

  test("that went back to an earlier instance lets the later one enrol again and keep its leases", () => {
    const broker = brokerOfToday();
    broker.submit();
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    const [lease] = agent.takeWork();
    const before = copyOf(broker);
    agent.startAnew();
    agent.enrol().heartbeat({ slotsFree: 0, leases: [named(lease!)] });
    restartFrom(broker, ...before);
    expect(codeOf(agent.tryHeartbeat({ slotsFree: 0, leases: [named(lease!)] }))).toBe("fenced");
    agent.enrol();
    expect(agent.heartbeat({ slotsFree: 0, leases: [named(lease!)] }).renewed).toHaveLength(1);
    expect(codeOf(agent.complete(lease!))).toBe("ok");
  });
});

describe("epochs", () => {
  test("of the jobs of this start begin at 1, and those of earlier starts go on above all that were given", () => {
    const broker = brokerOfToday();
    const [old] = broker.submit();
    broker.restart();
    const [fresh] = broker.submit();
    const leases = new CoreAgent(broker, { slots: 2 }).enrol().takeWork();
    expect(leases.map(({ jobId }) => jobId)).toEqual([old, fresh]);
    expect(leases[0]!.epoch).toBeGreaterThan(1_000_000);
    expect(leases[1]!.epoch).toBe(1);
  });

  test("grow by one after the leap, and the ids of their leases name them", () => {
    const broker = brokerOfToday();
    const [jobId] = broker.submit();
    broker.restart();
    const agent = new CoreAgent(broker, { slots: 1 }).enrol();
    const [first] = agent.takeWork();
    agent.giveBack(first!, 0);
    const [second] = agent.takeWork();
    expect(second!.epoch).toBe(first!.epoch + 1);
    for (const { leaseId, epoch } of [first!, second!]) {
      expect(jobOfLease(leaseId)).toBe(jobId);
      expect(leaseIdOf(jobId!, epoch)).toBe(leaseId);
    }
  });
});
