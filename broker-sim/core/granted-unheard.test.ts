import { describe, expect, test } from "vitest";

import { CoreAgent, CoreBroker, answerOf, codeOf, named } from "../testing/core-broker.ts";

describe("a broker that is killed after it granted and before it answered (case 6)", () => {
  test("answers the repeated acceptance with the lease that it granted", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker).enrol();
    const [offer] = agent.heartbeat().offers;
    const { expiresAt } = answerOf(agent.accept(offer!));
    broker.restart();
    expect(answerOf(agent.accept(offer!)).expiresAt).toBeGreaterThanOrEqual(expiresAt);
    expect(broker.job(jobId!)).toMatchObject({ state: "leased", epoch: 1 });
    expect(broker.history("broker.leased")).toHaveLength(1);
    expect(agent.heartbeat({ slotsFree: 0, leases: [named(offer!)] }).renewed).toHaveLength(1);
  });

  test("gives nobody else what it granted, and takes it back when the holder says that it never heard", () => {
    const broker = new CoreBroker();
    const [jobId] = broker.submit();
    const agent = new CoreAgent(broker, { number: 1 }).enrol();
    const other = new CoreAgent(broker, { number: 2 }).enrol();
    const [offer] = agent.heartbeat().offers;
    answerOf(agent.accept(offer!));
    broker.restart();
    expect(other.takeWork()).toEqual([]);
    answerOf(agent.giveBack(offer!, 0));
    expect(other.takeWork()).toMatchObject([{ jobId, epoch: 2 }]);
  });

  test("offers a job again that it had offered, at once, to whoever asks first, and takes no acceptance of before", () => {
    for (const number of [1, 2]) {
      const broker = new CoreBroker();
      const [jobId] = broker.submit();
      const agent = new CoreAgent(broker, { number: 1 }).enrol();
      const other = new CoreAgent(broker, { number: 2 }).enrol();
      const [offer] = agent.heartbeat().offers;
      broker.restart();
      expect(codeOf(agent.accept(offer!))).toBe("offer-lapsed");
      const [again] = (number === 1 ? agent : other).takeWork();
      expect(again).toMatchObject({ jobId });
      expect(again!.epoch).toBeGreaterThan(offer!.epoch);
      expect(broker.history("broker.released")).toMatchObject([{ leaseId: offer!.leaseId, how: "offer-lapsed" }]);
      expect(broker.job(jobId!).redeliveries).toBe(0);
    }
  });
});

test("an offer that was on its way when its agent shut down goes to the next one at once, who hears of it (case 7)", () => {
  const broker = new CoreBroker();
  const leaving = new CoreAgent(broker, { number: 1, slots: 1 }).enrol().connect();
  const waiting = new CoreAgent(broker, { number: 2, slots: 1 }).enrol().connect();
  const [jobId] = broker.submit();
  leaving.heartbeat();
  waiting.heartbeat();
  expect(broker.job(jobId!).state).toBe("offered");
  const hints = () => broker.pushed(waiting).length;
  const before = hints();
  answerOf(leaving.shutdown());
  expect(broker.job(jobId!)).toMatchObject({ state: "queued", redeliveries: 0 });
  expect(hints()).toBe(before + 1);
  expect(waiting.takeWork()).toMatchObject([{ jobId, epoch: 2 }]);
});
