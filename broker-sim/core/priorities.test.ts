import { fc, test as fuzz } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";

import { CoreAgent, CoreBroker, answerOf } from "../testing/core-broker.ts";
import { JobQueue } from "./job-queue.ts";
import { JobRecord, priorityOf } from "./records.ts";

function submitted(...priorities: readonly (number | undefined)[]) {
  const broker = new CoreBroker();
  const jobIds = priorities.map((priority) => broker.submit(1, priority === undefined ? {} : { priority })[0]!);
  return { broker, jobIds, agent: new CoreAgent(broker, { slots: priorities.length }).enrol() };
}

const order = (agent: CoreAgent, jobIds: readonly string[]) =>
  agent.heartbeat().offers.map(({ jobId }) => jobIds.indexOf(jobId));

describe("jobs of several priorities", () => {
  test("are offered by their priority, and by their turn within one; who says none has the middle one", () => {
    const { agent, jobIds } = submitted(0, -10, undefined, 10, 1, 10, -1);
    expect(order(agent, jobIds)).toEqual([3, 5, 4, 0, 2, 6, 1]);
  });

  test("keep their order over a restart of the broker", () => {
    const { broker, agent, jobIds } = submitted(0, 2, -2, 2, 0);
    broker.restart();
    expect(order(agent, jobIds)).toEqual([1, 3, 0, 4, 2]);
  });

  test("that are given back go before those of their priority, and behind those of a higher one", () => {
    const { broker, agent, jobIds } = submitted(0, 0, -1);
    const [first, second, low] = agent.takeWork();
    const high = broker.submit(1, { priority: 1 })[0]!;
    const plain = broker.submit(1)[0]!;
    answerOf(agent.giveBack(low!, 0));
    answerOf(agent.giveBack(second!, 0));
    answerOf(agent.giveBack(first!, 0));
    const taken = [1, 2, 3].map(() => agent.takeWork(1)[0]!.jobId);
    expect(taken).toEqual([high, jobIds[0], jobIds[1]]);
    expect(agent.heartbeat({ slotsFree: 3 }).offers).toEqual([]);
    const other = new CoreAgent(broker, { number: 2 }).enrol();
    expect(other.heartbeat().offers.map(({ jobId }) => jobId)).toEqual([plain, jobIds[2]]);
  });

  test("that could not be started go behind those of their priority, and before those of a lower one", () => {
    const { broker, agent, jobIds } = submitted(1, 1, 0);
    const [offer] = agent.heartbeat({ slotsFree: 1 }).offers;
    const { caller } = agent;
    const message = { epoch: offer!.epoch, reason: "it could not be started before", startFailed: true };
    answerOf(broker.do({ type: "decline", caller, leaseId: offer!.leaseId, message }));
    const other = new CoreAgent(broker, { number: 2, slots: 3 }).enrol();
    expect(order(other, jobIds)).toEqual([1, 0, 2]);
  });

  test("are told of in the history and the lists, the usual one by nothing", () => {
    const { broker } = submitted(0, 7);
    expect(broker.history("broker.job").map(({ priority }) => priority)).toEqual([undefined, 7]);
  });

  test("of records from before there were any have the middle one, and do not wait", () => {
    const { broker, jobIds } = submitted(undefined);
    const { waitsUntil: _none, ...old } = structuredClone(broker.job(jobIds[0]!));
    const read = JobRecord.parse(old);
    expect(priorityOf(read)).toBe(0);
    expect(read.waitsUntil).toBeNull();
  });
});

fuzz.prop([
  fc.array(fc.record({ priority: fc.integer({ min: -10, max: 10 }), front: fc.boolean(), leaves: fc.boolean() })),
])("the queue gives jobs by priority, then front before back, and none that left", (given) => {
  const queue = new JobQueue();
  const jobs = given.map(({ priority, front, leaves }, index) => ({
    jobId: `job-${index}`,
    queueOrder: front ? queue.nextFront() : queue.nextBack(),
    job: { command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax: 3, priority },
    leaves,
  }));
  for (const job of jobs) queue.add(job);
  for (const job of jobs) if (job.leaves) queue.remove(job.jobId);
  const wanted = jobs
    .filter(({ leaves }) => !leaves)
    .sort((a, b) => b.job.priority - a.job.priority || a.queueOrder - b.queueOrder)
    .map(({ jobId }) => jobId);
  expect(wanted.map(() => queue.take(() => true))).toEqual(wanted);
  expect(queue.take(() => true)).toBeUndefined();
});
