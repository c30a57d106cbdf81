import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import type { BrokerFailure } from "./outcome.ts";

const away: BrokerFailure = { ok: false, code: "unreachable", retriable: true, message: "the broker does not answer" };

test("results that fail together wait together, as long as one would", () => {
  const world = new ModelWorld({ slots: 2 });
  world.broker.jobsQueued = 2;
  world.drain();
  const leaseIds = Object.keys(world.core.leases);
  expect(leaseIds).toHaveLength(2);
  for (const leaseId of leaseIds) world.jobEnds(leaseId);
  world.goOnUntil(() => world.pending.filter(({ name }) => name === "complete").length === 2);
  world.pending = world.pending.filter(({ name }) => name !== "complete");
  for (const leaseId of leaseIds) world.see({ type: "completeAnswered", leaseId, outcome: away });
  expect(world.core.outboxAttempts).toBe(1);
  expect(world.pending.map(({ name }) => name)).not.toContain("complete");
  world.see({ type: "timer", name: "outbox" });
  expect(world.pending.filter(({ name }) => name === "complete")).toHaveLength(2);
  for (const leaseId of leaseIds) world.see({ type: "completeAnswered", leaseId, outcome: away });
  expect(world.core.outboxAttempts).toBe(2);
});
