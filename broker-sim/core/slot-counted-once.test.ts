import { expect, test } from "vitest";

import { answerOf, CoreAgent, CoreBroker, named } from "../testing/core-broker.ts";

test("a slot that its agent told of before the end of its job is counted once, and others are woken for the rest", () => {
  const broker = new CoreBroker();
  const [busy, other] = [1, 2].map((number) => new CoreAgent(broker, { number }).enrol().connect()) as [
    CoreAgent,
    CoreAgent,
  ];
  broker.submit(2);
  const [first, second] = busy.takeWork(2);
  busy.heartbeat({ state: "Working", slotsFree: 1, leases: [named(first!), named(second!)] });
  other.heartbeat({ slotsFree: 1 });
  answerOf(busy.complete(first!));
  expect(busy.record.slotsFree).toBe(1);
  broker.submit(2);
  expect([busy, other].map((agent) => broker.pushed(agent).at(-1))).toEqual(["work_available", "work_available"]);
});

test("the slot of a job that was cancelled is free when its agent says so, and others are woken for what is queued", () => {
  const broker = new CoreBroker();
  const [busy, other] = [1, 2].map((number) => new CoreAgent(broker, { number }).enrol().connect()) as [
    CoreAgent,
    CoreAgent,
  ];
  const [jobId] = broker.submit(1);
  const [lease] = busy.takeWork(2);
  busy.heartbeat({ state: "Working", slotsFree: 1, leases: [named(lease!)] });
  other.heartbeat({ slotsFree: 1 });
  answerOf(broker.do({ type: "cancel", jobId: jobId! }));
  expect(busy.record.slotsFree).toBe(1);
  broker.submit(2);
  expect([busy, other].map((agent) => broker.pushed(agent).at(-1))).toEqual(["work_available", "work_available"]);
});
