import { expect, test } from "vitest";

import type { AgentCore, HeldLease } from "../../../agent/core/state.ts";
import { workingWorld } from "../../../agent/testing/working-world.ts";
import { UntoldCheckpoints } from "./untold-checkpoints.ts";

const lost = { ok: false, code: "unreachable", retriable: true, message: "" } as const;
const word = { leaseId: "lease-1", generation: 1 };

/** An agent that runs a job and has saved it. */
function core(extra: Partial<HeldLease> = {}, agent: Partial<AgentCore> = {}): AgentCore {
  const world = workingWorld();
  world.see({ type: "timer", name: "periodic" });
  world.goOnUntil(() => world.core.leases["lease-1"]?.checkpoint?.upload === "done");
  const lease = { ...world.core.leases["lease-1"]!, ...extra };
  return { ...world.core, leases: { "lease-1": lease }, ...agent };
}

function watch(outcome: Parameters<UntoldCheckpoints["told"]>[1] = lost): UntoldCheckpoints {
  const untold = new UntoldCheckpoints();
  untold.told(word, outcome);
  return untold;
}

test("an agent that hears its broker again and does not bring what that did not hear of is caught", () => {
  expect(core().leases["lease-1"]?.checkpoint?.generation).toBe(1);
  expect(() => watch().heard(core())).toThrow("hears whose a checkpoint is");
  const forgotten = { ok: false, code: "unknown-checkpoint", retriable: false, message: "" } as const;
  expect(() => watch(forgotten).heard(core())).toThrow("hears whose a checkpoint is");
});

test("so is nobody whose word was heard, who brings it, or whom it concerns no longer", () => {
  const passes = (untold: UntoldCheckpoints, heard = core()): void => {
    expect(() => untold.heard(heard)).not.toThrow();
  };
  const fenced = { ok: false, code: "fenced", retriable: false, message: "" } as const;
  for (const outcome of [{ ok: true, value: null }, fenced] as const) passes(watch(outcome));
  const brings = watch();
  brings.brings("lease-1");
  passes(brings);
  const newer = { ...core().leases["lease-1"]!.checkpoint!, generation: 2 };
  for (const extra of [{ checkpoint: newer }, { stage: "reporting" }, { claimed: false }] as const) {
    passes(watch(), core(extra));
  }
  passes(watch(), core({}, { leases: {} }));
  const leaving = workingWorld();
  leaving.see({ type: "signal", name: "SIGTERM" });
  passes(watch(), core({}, { shutdown: leaving.core.shutdown }));
});
