import { expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";
import type { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";
import type { AgentEffect } from "./effect.ts";

/** A world whose agent has a checkpoint on its way to the broker, in a freeze that is in force. */
function uploadingWorld(): ModelWorld {
  const world = workingWorld();
  world.see({ type: "timer", name: "periodic" });
  world.goOnUntil(() => world.pending.some(({ name }) => name === "upload"));
  return world;
}

function told(world: ModelWorld): AgentEffect[] {
  const { generation } = world.core.leases["lease-1"]?.checkpoint ?? { generation: 0 };
  const outcome = { ok: true, value: null } as const;
  const { effects } = apply(
    world.core,
    { type: "uploadAnswered", leaseId: "lease-1", generation, outcome },
    world.nowMs,
  );
  return effects.filter(({ kind }) => kind === "reportProgress");
}

test("the broker hears of a checkpoint that it has, though everything stands still for those of others", () => {
  const world = uploadingWorld();
  world.see({ type: "control", requestId: "a", request: { command: "pause" } });
  expect(world.core.freeze).not.toBeNull();
  expect(told(world)).toHaveLength(1);
});

test("it hears of one whose processes are being ended, since its lease may never be given back", () => {
  const world = uploadingWorld();
  world.see({
    type: "brokerEvent",
    event: { event: "lease_revoked", data: { leaseId: "lease-1", epoch: 1, reason: "" } },
  });
  expect(world.core.leases["lease-1"]?.stage).toBe("ending");
  expect(told(world)).toHaveLength(1);
});

test("whoever reports the end of the lease names it there", () => {
  const world = uploadingWorld();
  world.goOnUntil(() => world.core.freeze === null);
  const exit = { reason: { by: "itself", exitCode: 0 }, progress: 10, result: "done", resultProblem: null } as const;
  world.see({ type: "sandboxExited", leaseId: "lease-1", ...exit });
  expect(told(world)).toEqual([]);
});
