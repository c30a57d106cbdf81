import { planFor } from "../scenarios/simulator/plan/profiles.ts";
import { simulate } from "../scenarios/simulator/simulate.ts";
import { type Benchmark, median } from "./benchmark.ts";

const rounds = 5;
const seedsPerRound = 300;

/** Short lives that end in a withdrawal, per second and core, with every checker: what a search through seeds is made of. */
export const withdrawSeeds: Benchmark = {
  name: "withdraw-seeds",
  async run() {
    const ran: number[] = [];
    const drawn: number[] = [];
    let failures = 0;
    for (let round = 0; round <= rounds; round += 1) {
      const startedMs = performance.now();
      const plans = Array.from({ length: seedsPerRound }, (_, index) =>
        planFor({ seed: `bench-${round}-${index}`, profile: "quick" }),
      );
      const drawnMs = performance.now();
      const failed = plans.filter((plan) => simulate(plan).failure !== null).length;
      const ranMs = performance.now();
      if (round === 0) continue;
      failures += failed;
      drawn.push((1_000 * seedsPerRound) / (drawnMs - startedMs));
      ran.push((1_000 * seedsPerRound) / (ranMs - startedMs));
    }
    return [
      {
        subject: "quick profile, drawn and run with every checker",
        yardstick: "the same plans, only drawn",
        subjectRate: median(ran),
        yardstickRate: median(drawn),
        unit: "seeds/s",
        target: null,
        rateTarget: 500,
        rounds,
        notes: failures === 0 ? [] : [`${failures} of ${rounds * seedsPerRound} runs ended early with a failure`],
      },
    ];
  },
};
