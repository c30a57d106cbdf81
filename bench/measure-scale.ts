import { planFor } from "../scenarios/simulator/plan/profiles.ts";
import { simulate } from "../scenarios/simulator/simulate.ts";

/** A child of scale.ts: runs the scale profile once, and prints what it took. */
const [agents = "", minutes = ""] = process.argv.slice(2);

const plan = planFor({ seed: "bench", profile: "scale", agents: Number(agents), minutes: Number(minutes) });
const startedMs = performance.now();
const outcome = simulate(plan, { checkers: false, digest: false });
const { steps, events, jobs, failure } = outcome;
console.log(
  JSON.stringify({
    seconds: (performance.now() - startedMs) / 1_000,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    ...{ steps, events, jobs, failure },
  }),
);
