import { assert } from "../../../../foundation/assert.ts";
import { defaultTiming } from "../../../../protocol/timing.ts";
import { replayTape, seededTape, type Tape } from "../../kernel/choices.ts";
import type { Failure, SimulationOutcome } from "../../outcome.ts";
import { JobBehaviour, type Plan, type PlanStep } from "../../plan/plan.ts";

/** What a toy run looks at: the plan, and the decisions that it draws. */
export type ToyRule = (plan: Plan, tape: Tape) => (Omit<Failure, "story"> & Partial<Failure>) | null;

/** A simulation whose runs fail exactly as the rule says; counts how often it ran. */
export function toySimulation(rule: ToyRule) {
  const seen: Plan[] = [];
  const simulate = (plan: Plan, options: { tape?: Tape } = {}): SimulationOutcome => {
    assert(isOrdered(plan), "steps come in the order of their times");
    seen.push(plan);
    const tape = options.tape ?? (plan.tape === "seeded" ? seededTape(plan.seed) : replayTape(plan.tape));
    const found = rule(plan, tape);
    return { ...emptyOutcome, failure: found === null ? null : { story: [`${found.invariant} is broken`], ...found } };
  };
  return { simulate, seen };
}

/** A plan of so many steps that do no harm, with others put among them. */
export function toyPlan(steps: readonly PlanStep[], { idle = 0, agents = 5 }: { idle?: number; agents?: number } = {}) {
  const idlers = Array.from({ length: idle }, (_, index): PlanStep => {
    const atMs = 1_234.5 + index * 777;
    return index % 2 === 0
      ? { atMs, do: "pause", agent: index % agents }
      : { atMs, do: "resume", agent: index % agents };
  });
  return {
    version: 1,
    seed: "toy",
    profile: "quick",
    options: {
      agents,
      slots: 4,
      timing: { ...defaultTiming, heartbeatIntervalMs: 1_717 },
      safetyMs: 600_000,
      livenessMs: 900_000,
      joinWithinMs: 5_000,
      latencyMsMin: 3,
      latencyMsMax: 250,
      clockSkewMs: 500,
      encoding: "bytes",
    },
    steps: [...steps, ...idlers].sort((left, right) => left.atMs - right.atMs),
    tape: "seeded",
  } satisfies Plan as Plan;
}

export function submit(atMs: number, jobs = 7, behaviour: Partial<JobBehaviour> = {}): PlanStep {
  return { atMs, do: "submit", jobs, behaviour: JobBehaviour.parse(behaviour) };
}

const emptyOutcome: SimulationOutcome = {
  failure: null,
  steps: 1,
  events: 1,
  records: 1,
  virtualMs: 1,
  agentHours: 1,
  digest: null,
  jobs: { submitted: 0, completed: 0, failed: 0, cancelled: 0, completedInTime: 0 },
  coverage: new Uint32Array(1),
  marks: { seen: 1 },
};

function isOrdered({ steps }: Plan): boolean {
  return steps.every((step, index) => index === 0 || (steps[index - 1] as PlanStep).atMs <= step.atMs);
}
