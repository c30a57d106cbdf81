/** What went wrong, once; a run ends at its first failure. */
export interface Failure {
  /** The checker or bound that was broken (`lease-exclusivity`, `L2`), or `assertion` for a broken assert of the cores. */
  readonly invariant: string;
  /** `safety`: something happened that never may. `liveness`: something did not happen in time. `crash`: a core threw. */
  readonly kind: "safety" | "liveness" | "crash";
  readonly atMs: number;
  /** The events that matter, in order, and nothing else; the first line says what is wrong. */
  readonly story: readonly string[];
}

export interface JobCounts {
  readonly submitted: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Of the completed: those that were by the end of the safety phase, while everything was still failing. */
  readonly completedInTime: number;
}

/** What one run came to. */
export interface SimulationOutcome {
  readonly failure: Failure | null;
  /** Inputs that the two reducers took. */
  readonly steps: number;
  /** Events taken from the heap. */
  readonly events: number;
  readonly records: number;
  readonly virtualMs: number;
  /** Agents times the hours that they lived, in virtual time. */
  readonly agentHours: number;
  /** 16 hexadecimal digits over the whole history; null when it was not asked for. */
  readonly digest: string | null;
  readonly jobs: JobCounts;
  /** How often each cell of the coverage table was reached; see coverage.ts. */
  readonly coverage: Uint32Array;
  /** How often each "sometimes" mark of the cores was hit. */
  readonly marks: Readonly<Record<string, number>>;
}
