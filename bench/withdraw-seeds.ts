import type { PlanRequest } from "../scenarios/simulator/plan/plan-request.ts";
import { planFor } from "../scenarios/simulator/plan/profiles.ts";
import { simulate } from "../scenarios/simulator/simulate.ts";
import { type Benchmark, type BenchmarkResult, median } from "./benchmark.ts";

/**
 * A search goes through tens of thousands: what its first ones take until all is compiled is not counted. The rate grows
 * over about the first 5,000 (seeds a second of processor time by rounds of 300: 144 in the first, 383 in the fourth,
 * 480 in the eleventh, then 540 to 586).
 */
const warmUpRounds = 20;
const rounds = 5;
const seedsPerRound = 300;

interface Kind {
  readonly name: string;
  readonly request: Omit<PlanRequest, "seed">;
  readonly rateTarget?: number;
}

const kinds: readonly Kind[] = [
  {
    name: "one agent, 15 s in which anything may fail",
    request: { profile: "quick", agents: 1, minutes: 0.25 },
    rateTarget: 500,
  },
  { name: "as drawn: 1 to 3 agents, 15 to 40 s", request: { profile: "quick" } },
];

/**
 * Lives that end in a withdrawal, per second and core, with every checker: what a search through seeds is made of. The
 * target is for short ones.
 */
export const withdrawSeeds: Benchmark = {
  name: "withdraw-seeds",
  run: () => Promise.resolve(kinds.map(measure)),
};

function measure({ name, request, rateTarget }: Kind): BenchmarkResult {
  const ran: number[] = [];
  const drawn: number[] = [];
  let failures = 0;
  let steps = 0;
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const startedMs = performance.now();
    const plans = Array.from({ length: seedsPerRound }, (_, index) =>
      planFor({ seed: `bench-${round}-${index}`, ...request }),
    );
    const drawnMs = performance.now();
    const outcomes = plans.map((plan) => simulate(plan));
    const ranMs = performance.now();
    if (round < 0) continue;
    failures += outcomes.filter(({ failure }) => failure !== null).length;
    steps += outcomes.reduce((sum, outcome) => sum + outcome.steps, 0);
    drawn.push((1_000 * seedsPerRound) / (drawnMs - startedMs));
    ran.push((1_000 * seedsPerRound) / (ranMs - startedMs));
  }
  const runs = rounds * seedsPerRound;
  return {
    subject: `quick profile, ${name}, with every checker`,
    yardstick: "the same plans, only drawn",
    subjectRate: median(ran),
    yardstickRate: median(drawn),
    unit: "seeds/s",
    target: null,
    ...(rateTarget === undefined ? {} : { rateTarget }),
    rounds,
    notes: [
      `${Math.round(steps / runs)} steps a seed`,
      ...(failures === 0 ? [] : [`${failures} of ${runs} runs ended early with a failure`]),
    ],
  };
}
