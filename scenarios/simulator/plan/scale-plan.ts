import { defaultTiming } from "../../../protocol/timing.ts";
import { livenessMsOf } from "./liveness-bound.ts";
import { JobBehaviour, type Plan, type PlanStep } from "./plan.ts";
import type { PlanRequest } from "./plan-request.ts";

/** A fleet of idle agents, and a little work: what the simulator itself can carry. */
export function scalePlan({ seed, agents = 100_000, minutes = 60 }: PlanRequest): Plan {
  const behaviour = { ...JobBehaviour.parse({}), units: 10, unitMs: 10_000 };
  const jobs = Math.max(1, Math.min(10_000, Math.floor(agents / 10)));
  const steps: PlanStep[] = [{ atMs: 60_000, do: "submit", jobs, behaviour }];
  const options = {
    agents,
    slots: 1,
    timing: defaultTiming,
    safetyMs: minutes * 60_000,
    livenessMs: livenessMsOf(defaultTiming),
    joinWithinMs: 30_000,
    latencyMsMin: 5,
    latencyMsMax: 100,
    clockSkewMs: 0,
    encoding: "objects",
  } as const;
  return { version: 1, seed, profile: "scale", options, steps, tape: "seeded" };
}
