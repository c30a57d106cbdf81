import type { HistoryRecord } from "../../../protocol/history.ts";
import { JobBehaviour, type Plan, type PlanOptions, type PlanStep } from "../plan/plan.ts";
import { simulate } from "../simulate.ts";
import { smallOptions } from "./small-world.ts";

/** A plan in which nothing happens but for these steps, and every small decision is benign. */
export function smallPlan(
  steps: readonly PlanStep[],
  options: Partial<PlanOptions> = {},
  tape: Plan["tape"] = [],
): Plan {
  const ordered = [...steps].sort((a, b) => a.atMs - b.atMs);
  return {
    version: 1,
    seed: "small",
    profile: "small",
    options: { ...smallOptions, ...options },
    steps: ordered,
    tape,
  };
}

/** Hands in jobs. Ten units of a second each, unless told otherwise. */
export function submit(atMs: number, behaviour: Partial<JobBehaviour> = {}, jobs = 1): PlanStep {
  return { atMs, do: "submit", jobs, behaviour: JobBehaviour.parse(behaviour) };
}

/** Runs a plan; what came of it, and everything that was recorded. */
export function runPlan(plan: Plan) {
  const records: HistoryRecord[] = [];
  const outcome = simulate(plan, { observe: (record) => records.push(record) });
  return { outcome, records };
}
