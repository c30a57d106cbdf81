import type { ResiduePolicy } from "../../protocol/residue-report.ts";
import type { Shard } from "../selection/shard.ts";

/** The options of `scenarios run`. */
export interface RunFlags {
  readonly all?: boolean;
  readonly grep?: string;
  readonly grepInvert?: string;
  readonly lastFailed?: boolean;
  readonly repeatEach: number;
  readonly shard?: Shard;
  readonly workers?: number;
  readonly retries: number;
  readonly failOnFlaky?: boolean;
  readonly maxFailures?: number;
  /** `-x`. */
  readonly x?: boolean;
  readonly dryRun?: boolean;
  readonly keep?: boolean;
  readonly stage?: string;
  readonly slots?: number;
  readonly jobs?: number;
  readonly cycles?: number;
  readonly seed?: string;
  readonly store?: "memory" | "sqlite";
  readonly policy?: ResiduePolicy;
  /** In seconds. */
  readonly timeout?: number;
  readonly config?: string;
  readonly output: string;
  readonly reporter?: readonly string[];
  readonly json?: boolean;
}

/** The command that runs one entry again as it ran, but for what only the whole suite has. */
export function reproduceCommand(name: string, flags: RunFlags, seed: string): string {
  const options = (["stage", "slots", "jobs", "cycles", "store", "policy", "timeout", "config"] as const).flatMap(
    (key) => (flags[key] === undefined ? [] : [`--${key} ${flags[key]}`]),
  );
  return ["npx scenarios run", name, `--seed ${seed}`, ...options].join(" ");
}

/** The command that runs again what came to no good end; null where nothing did. */
export function againCommand({ stage, output }: RunFlags, { rootDefault }: { readonly rootDefault: string }): string {
  return [
    "npx scenarios run --last-failed",
    ...(stage === undefined ? [] : [`--stage ${stage}`]),
    ...(output === rootDefault ? [] : [`--output ${output}`]),
  ].join(" ");
}
