import type { Failure } from "../../simulator/outcome.ts";
import type { BatchResult, SeedResult } from "../seed-batch.ts";

/** A seed's result that depends on nothing but its name. */
export function toyResult(seed: string, more: Partial<SeedResult> = {}): SeedResult {
  return {
    seed,
    failure: null,
    steps: 10,
    events: 20,
    records: 5,
    virtualMs: 60_000,
    agentHours: 0.5,
    digest: `digest-of-${seed}`,
    jobs: { submitted: 4, completed: 3, failed: 1, cancelled: 0, completedInTime: 3 },
    ...more,
  };
}

/** What a worker would say of those seeds; each counts once in the coverage. */
export function toyBatch(results: readonly SeedResult[]): BatchResult {
  return { results, coverage: Uint32Array.of(results.length, 0), marks: { "a-mark": results.length } };
}

export function toyFailure(more: Partial<Failure> = {}): Failure {
  return { invariant: "lease-exclusivity", kind: "safety", atMs: 12_000, story: ["two live leases"], ...more };
}
