import { expect, test } from "vitest";

import { present } from "../../foundation/assert.ts";
import { workingWorld } from "../testing/working-world.ts";

test("a lease whose directory a shutdown is wiping goes back with its checkpoint when a withdrawal takes over", () => {
  const world = workingWorld();
  world.see({ type: "signal", name: "SIGTERM" });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "wipe"));
  expect(world.core.leaseList.map(({ stage }) => stage)).toEqual(["wiping"]);
  world.see({ type: "control", requestId: "w", request: { command: "withdraw" } });
  for (;;) {
    const other = world.pending.findIndex(({ name }) => name !== "wipe");
    if (other < 0) break;
    world.happenNext(other);
  }
  expect(world.answers.get("w")).toMatchObject({ ok: true, report: { leasesHandedBack: 1, keyRevoked: "confirmed" } });
});

test("what the broker confirms is not called deferred, though an earlier attempt was not heard", () => {
  const world = workingWorld();
  world.see({ type: "control", requestId: "a", request: { command: "withdraw" } });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "withdraw"));
  const { record } = present(world.core.withdrawal, "it withdraws");
  record.steps = [...record.steps, { step: "revoke-key", outcome: "deferred", durationMs: 0, measured: "not heard" }];
  world.see({ type: "withdrawAnswered", outcome: { ok: true, value: { revokedAt: 0, leasesHandedBack: 1 } } });
  expect(record).toMatchObject({ keyRevoked: "confirmed", current: "revoke-key" });
  expect(record.steps.map(({ step }) => step)).not.toContain("revoke-key");
});
