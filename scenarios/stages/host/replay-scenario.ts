import { limits } from "../../../foundation/limits.ts";
import { livenessMsOf } from "../../simulator/plan/liveness-bound.ts";
import type { Plan, PlanStep } from "../../simulator/plan/plan.ts";
import type { Scenario } from "../../steps/scenario.ts";
import type { Step } from "../../steps/step.ts";
import { agentName, planBatch } from "./plan-names.ts";

const withdrawDeadlineMs = 10_000;
/** A real run is not kept waiting longer than this for what virtual time would have waited out, in milliseconds. */
const livenessMsMax = 180_000;

/** A plan as a scenario of real processes: its agents join, each step comes at its time, and then all must come to its end. */
export function replayScenario(plan: Plan): Scenario {
  const { options, steps } = plan;
  const cast = Array.from({ length: options.agents }, (_, index) => agentName(index));
  const calmAtMs = calmAt(plan);
  const withinMs = Math.ceil(settleMs(plan));
  const submits = steps.some((step) => step.do === "submit");
  return {
    name: "replay",
    title: "a plan of the simulator on real processes",
    description: "What a plan says happens to real agents and a real broker, each step at its own time.",
    requirements: [],
    tags: [],
    stages: ["host"],
    defaults: { slots: options.slots, jobs: Math.min(limits.jobsPerRunMax, Math.max(1, jobsOf(plan))), cycles: 1 },
    timing: options.timing,
    steps: () => [
      { step: "start-broker" },
      ...cast.map((agent): Step => ({ step: "join", agent, slots: options.slots })),
      { step: "open-schedule" },
      ...[...steps].sort((a, b) => a.atMs - b.atMs).map((act): Step => ({ step: "on-schedule", act })),
      { step: "settle", calmAtMs, withinMs },
      ...(submits ? [{ step: "verify-results", batch: planBatch } as const] : []),
      { step: "withdraw-all", deadlineMs: withdrawDeadlineMs },
    ],
    expectations: () => [],
  };
}

/** How long the whole replay may take, in milliseconds: its schedule, its liveness phase, and the harness's own work. */
export function replayMsMax(plan: Plan): number {
  const harnessMs = 120_000 + 20_000 * plan.options.agents;
  return calmAt(plan) + settleMs(plan) + harnessMs;
}

/** Faults stop when the last of them is over, or where the plan's safety phase ends. */
function calmAt({ options, steps }: Plan): number {
  const lastStepMs = Math.max(0, ...steps.map(({ atMs }) => atMs));
  const overMs = Math.max(0, ...steps.map((step) => step.atMs + lengthOf(step)));
  return Math.max(lastStepMs, Math.min(overMs, options.safetyMs));
}

function lengthOf(step: PlanStep): number {
  return ("forMs" in step ? step.forMs : 0) + ("downMs" in step ? step.downMs : 0);
}

/** The plan's own bound, or what its times ask for where that is less; and for the work three times what it is. */
function settleMs({ options, steps }: Plan): number {
  const boundMs = Math.min(options.livenessMs, livenessMsOf(options.timing), livenessMsMax);
  let workMs = 0;
  for (const step of steps)
    if (step.do === "submit") workMs += step.jobs * step.behaviour.units * step.behaviour.unitMs;
  return Math.max(10_000, boundMs) + 3 * workMs;
}

function jobsOf({ steps }: Plan): number {
  return steps.reduce((sum, step) => sum + (step.do === "submit" ? step.jobs : 0), 0);
}
