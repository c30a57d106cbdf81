/** One thing measured against a yardstick in the same run: machines differ, ratios less so. */
export interface Benchmark {
  readonly name: string;
  run(): Promise<BenchmarkResult[]>;
}

export interface BenchmarkResult {
  /** What was measured, and against what. */
  readonly subject: string;
  readonly yardstick: string;
  /** Both in the same unit, larger is better: the medians of all rounds. */
  readonly subjectRate: number;
  readonly yardstickRate: number;
  readonly unit: string;
  /** The ratio that is aimed at. */
  readonly target: number;
  readonly rounds: number;
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
