/** One thing measured against a yardstick in the same run: machines differ, ratios less so. */
export interface Benchmark {
  readonly name: string;
  /** It takes minutes: it runs only when it is asked for by its name. */
  readonly byNameOnly?: boolean;
  run(): Promise<(BenchmarkResult | BoundResult)[]>;
}

/** A figure of the subject alone, with what it may be at most. */
export interface BoundResult {
  readonly what: string;
  readonly measured: number;
  readonly most: number;
  readonly unit: string;
  readonly notes: readonly string[];
}

export interface BenchmarkResult {
  /** What was measured, and against what. */
  readonly subject: string;
  readonly yardstick: string;
  /** Both in the same unit, larger is better: the medians of all rounds. */
  readonly subjectRate: number;
  readonly yardstickRate: number;
  readonly unit: string;
  /** The median of the ratios within rounds, where rounds differ more than the two sides do; else that of the medians. */
  readonly ratio?: number;
  /** The ratio that is aimed at; null where it is shown for comparison only. */
  readonly target: number | null;
  /** The subject's own rate that is aimed at, on a machine with nothing else to do. */
  readonly rateTarget?: number;
  readonly rounds: number;
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[];
}

/** Whether every target that was set is met. */
export function isMet(result: BenchmarkResult | BoundResult): boolean {
  if ("most" in result) return result.measured <= result.most;
  const { subjectRate, target, rateTarget = 0 } = result;
  return ratioOf(result) >= (target ?? 0) && subjectRate >= rateTarget;
}

export function ratioOf({ ratio, subjectRate, yardstickRate }: BenchmarkResult): number {
  return ratio ?? subjectRate / yardstickRate;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
