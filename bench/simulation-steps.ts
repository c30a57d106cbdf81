import type { PlanRequest } from "../scenarios/simulator/plan/plan-request.ts";
import { planFor } from "../scenarios/simulator/plan/profiles.ts";
import { simulate, type SimulateOptions } from "../scenarios/simulator/simulate.ts";
import { type Benchmark, type BenchmarkResult, median } from "./benchmark.ts";
import { heapLoopRate } from "./heap-loop.ts";

const rounds = 3;
const yardstickEvents = 1_000_000;

interface Load {
  readonly name: string;
  readonly requests: readonly PlanRequest[];
  /** Events that lie in the yardstick's heap. */
  readonly pending: number;
}

const loads: readonly Load[] = [
  {
    name: "10,000 agents, 10 min",
    requests: [{ seed: "bench", profile: "scale", agents: 10_000, minutes: 10 }],
    pending: 10_000,
  },
  {
    name: "100 agents, 10 h",
    requests: [{ seed: "bench", profile: "scale", agents: 100, minutes: 600 }],
    pending: 100,
  },
  { name: "swarm, 100 seeds", requests: seeds("swarm", 100), pending: 100 },
];
const modes: readonly { name: string; options: SimulateOptions; rateTarget: number }[] = [
  { name: "bare", options: { checkers: false, digest: false }, rateTarget: 1_000_000 },
  { name: "all checkers and the digest", options: {}, rateTarget: 400_000 },
];

/** Steps per second of the whole simulator on one core, against a bare loop over its heap. */
export const simulationSteps: Benchmark = {
  name: "simulation-steps",
  async run() {
    const results: BenchmarkResult[] = [];
    for (const load of loads) for (const mode of modes) results.push(measure(load, mode));
    return results;
  },
};

function measure({ name, requests, pending }: Load, mode: (typeof modes)[number]): BenchmarkResult {
  const plans = requests.map(planFor);
  const ours: number[] = [];
  const bare: number[] = [];
  let failures = 0;
  // The first round warms up and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const yardstickRate = heapLoopRate({ pending, events: yardstickEvents });
    let steps = 0;
    failures = 0;
    const startedMs = performance.now();
    for (const plan of plans) {
      const outcome = simulate(plan, mode.options);
      steps += outcome.steps;
      if (outcome.failure !== null) failures += 1;
    }
    const rate = steps / ((performance.now() - startedMs) / 1_000);
    if (round === 0) continue;
    ours.push(rate);
    bare.push(yardstickRate);
  }
  return {
    subject: `simulator, ${name}, ${mode.name}`,
    yardstick: `bare heap loop, ${pending} pending`,
    subjectRate: median(ours),
    yardstickRate: median(bare),
    unit: "steps/s",
    target: null,
    rateTarget: mode.rateTarget,
    rounds,
    notes: failures === 0 ? [] : [`${failures} of ${plans.length} runs ended early with a failure`],
  };
}

function seeds(profile: PlanRequest["profile"], count: number): PlanRequest[] {
  return Array.from({ length: count }, (_, index) => ({ seed: `bench-${index}`, profile }));
}
