import { expect, test } from "vitest";

import { ModelWorld } from "../testing/model-world.ts";
import { apply } from "./agent.ts";
import type { AgentEffect } from "./effect.ts";
import { agentLimits } from "./limits.ts";

function offer(world: ModelWorld, lease: number): AgentEffect[] {
  const job = { command: ["true"], environment: {}, workspaceBytesMax: 1, redeliveriesMax: 3 };
  const { nowMs } = world;
  const ids = { leaseId: `lease-${lease}`, jobId: `job-${lease}`, epoch: 1 };
  const value = { brokerTimeMs: nowMs, offers: [{ ...ids, job, expiresAt: nowMs + 30_000 }], renewed: [], lost: [] };
  const input = { type: "heartbeatAnswered", outcome: { ok: true, value }, sentAtMs: nowMs } as const;
  return apply(world.core, input, nowMs).effects.filter(({ kind }) => kind === "accept" || kind === "decline");
}

function pausedWorld(): ModelWorld {
  const world = new ModelWorld({ slots: 1 });
  world.drain();
  world.see({ type: "control", requestId: "pause", request: { command: "pause" } });
  world.goOnUntil(() => world.core.agent === "Paused");
  return world;
}

function resume(world: ModelWorld): void {
  world.see({ type: "control", requestId: "resume", request: { command: "resume" } });
  world.goOnUntil(() => world.core.agent === "Idle");
}

test("an offer that was declined stays declined: the yes to its repeat would be taken back by the no on its way", () => {
  const world = pausedWorld();
  const declined = { kind: "decline", leaseId: "lease-7", reason: "the agent is paused" };
  expect(offer(world, 7)).toMatchObject([declined]);
  resume(world);
  expect(offer(world, 7)).toMatchObject([declined]);
  expect(offer(world, 8)).toMatchObject([{ kind: "accept", leaseId: "lease-8" }]);
});

test("no more of them are remembered than the limit says", () => {
  const world = pausedWorld();
  for (let lease = 1; lease <= agentLimits.declinedOffersMax + 1; lease += 1) offer(world, lease);
  offer(world, 2);
  expect(world.core.declinedOffers.map(({ leaseId }) => leaseId).slice(-2)).toEqual(["lease-65", "lease-2"]);
  expect(world.core.declinedOffers).toHaveLength(agentLimits.declinedOffersMax);
});
