import { expect, test } from "vitest";

import { workingWorld } from "../testing/working-world.ts";
import { apply } from "./agent.ts";
import type { AgentEffect } from "./effect.ts";

/** The grace that a withdrawal gives a job which stood still for so long while its checkpoint was written. */
function graceAfter(stillMs: number): number | undefined {
  const { core, nowMs } = workingWorld();
  const [leaseId] = Object.keys(core.leases) as [string];
  const see = (input: Parameters<typeof apply>[1], atMs: number): readonly AgentEffect[] =>
    apply(core, input, atMs).effects;
  const request = { command: "withdraw", deadlineMs: 10 * core.timing.leaseTtlMs } as const;
  see({ type: "control", requestId: "w", request }, nowMs);
  const generation = core.freeze?.generation ?? 0;
  see({ type: "frozen", generation, freezeMs: 1, processes: 1, running: [] }, nowMs);
  const failed = { type: "checkpointFailed", leaseId, generation, reason: "no space left on device" } as const;
  const ends = see(failed, nowMs + stillMs).find((effect) => effect.kind === "terminateSandbox");
  return ends?.graceMs;
}

test("a withdrawal gives a job its grace, and none where its lease ran out while it stood still (I1)", () => {
  const { core } = workingWorld();
  expect(graceAfter(1_000)).toBe(core.timing.terminateGraceMs);
  expect(graceAfter(core.timing.leaseTtlMs)).toBe(0);
});
