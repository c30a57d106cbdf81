import { addLease } from "../../agent/core/held-leases.ts";
import { describe, expect, test } from "vitest";

import { present } from "../../foundation/assert.ts";
import { disagreements } from "./agreement.ts";
import { settledSimulation } from "./testing/settled-simulation.ts";

/** What is found wrong of the only agent of a run that has come to rest, after something was changed by hand. */
function foundAfter(change: (settled: ReturnType<typeof settledSimulation>) => void): string[] {
  const settled = settledSimulation();
  change(settled);
  const { simulation, body } = settled;
  return [...disagreements(body, { broker: simulation.broker, options: simulation.plan.options })];
}

test("an agent at rest and its broker are of one mind", () => {
  expect(foundAfter(() => undefined)).toEqual([]);
});

describe("it is seen that an agent", () => {
  test.each<[string, Parameters<typeof foundAfter>[0], string]>([
    ["is in the wrong state", ({ body }) => void (body.core.agent = "Working"), "is Working instead of Idle"],
    ["is about to enrol", ({ body }) => void (body.core.enrolCall = "waits"), "is about to enrol"],
    [
      "takes the broker to be away",
      ({ body }) => void (body.core.brokerReachable = false),
      "takes the broker to be away",
    ],
    ["has a timer too many", ({ body }) => body.timers.set("outbox", 10), "waits for its timer outbox"],
    [
      "has no heartbeat to come",
      ({ body }) => body.timers.clear("heartbeat"),
      "sends its next heartbeat in Infinity ms",
    ],
    ["hears no events", ({ body }) => body.stream.shut(), "hears no events"],
    [
      "misjudges the clock",
      ({ body }) => void (body.core.brokerAheadMs -= 1_000),
      "takes the broker's clock to be -990 ms",
    ],
    ["was not heard", ({ record }) => void (record.lastSeenAt -= 10_000), "has not been heard for"],
    ["is unknown", ({ state, record }) => void state.agents.delete(record.agentId), "is not known to the broker"],
    ["is lost", ({ record }) => void (record.standing = "lost"), "is lost at the broker"],
    ["is heeded as another", ({ record }) => void (record.instanceId = "x"), "is heeded as its earlier instance x"],
    ["has other slots", ({ record }) => void (record.slotsFree = 0), "has 1 free slots, and 0 at the broker"],
    ["would sleep on", ({ state, record }) => state.hungry.delete(record), "would not be woken for work"],
    [
      "has a stream that is not counted",
      ({ record }) => void (record.isConnected = false),
      "hears events of a stream that the broker does not count",
    ],
  ])("%s", (_, change, found) => {
    expect(foundAfter(change).join("\n")).toContain(found);
  });

  test("holds what the broker does not know of", () => {
    const found = foundAfter(({ body }) => {
      const lease = { leaseId: "lease-1", stage: "reporting", report: { kind: "return" }, reportInFlight: false };
      addLease(body.core, lease as never);
    });
    expect(found).toEqual([
      "has not been heard about lease-1",
      "holds lease-1 (reporting), of which the broker knows nothing",
    ]);
  });

  test("does not hold what the broker counts as its own", () => {
    const found = foundAfter(({ state, record }) => {
      const job = present([...state.jobs.values()][0], "a job was done");
      const grant = { leaseId: "lease-2", agentId: record.agentId, instanceId: record.instanceId };
      record.hold({ ...job, grant: { ...grant, epoch: 2, expiresAt: 0 } });
    });
    expect(found).toEqual(["does not know of lease-2, which the broker counts as its own"]);
  });
});
