import { shellWord } from "../../foundation/shell-word.ts";
import type { ResiduePolicy } from "../../protocol/residue-report.ts";
import { placeOf } from "../loading/place-of.ts";
import type { Shard } from "../selection/shard.ts";
import type { Scenario } from "../steps/scenario.ts";
import type { StoreKind } from "../steps/store-kinds.ts";

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
  /** What may hurt others on this machine may run. */
  readonly yes?: boolean;
  readonly stage?: string;
  readonly slots?: number;
  readonly jobs?: number;
  readonly cycles?: number;
  readonly seed?: string;
  readonly store?: StoreKind;
  readonly policy?: ResiduePolicy;
  /** In seconds. */
  readonly timeout?: number;
  readonly config?: string;
  /** Files that are tested. */
  readonly artifact?: readonly string[];
  readonly output: string;
  readonly reporter?: readonly string[];
  readonly json?: boolean;
  /** The file of an adapter. */
  readonly agent?: string;
}

/** What was said on the command line. */
export type GivenFlags = Partial<RunFlags>;

/** What makes a run what it is, each with its value. */
const kept = ["stage", "slots", "jobs", "cycles", "store", "policy", "timeout", "config", "agent"] as const;

/** The command that runs one entry again as it ran, but for what only the whole suite has. */
export function reproduceCommand(
  { name, file }: Pick<Scenario, "name" | "file">,
  given: GivenFlags,
  seed: string,
): string {
  const word = file === undefined ? name : placeOf(file, undefined);
  return ["npx scenarios run", shellWord(word), option("seed", seed), ...keptOptions(given)].join(" ");
}

/**
 * The command that runs again what came to no good end.
 *
 * @param files those that were named, which nothing else finds
 */
export function againCommand(
  flags: GivenFlags,
  { rootDefault, files }: { readonly rootDefault: string; readonly files: readonly string[] },
): string {
  return [
    "npx scenarios run",
    ...(files.length === 0 ? [] : ["all", ...files.map((file) => shellWord(file))]),
    "--last-failed",
    ...(flags.seed === undefined ? [] : [option("seed", flags.seed)]),
    ...keptOptions(flags),
    ...(flags.output === undefined || flags.output === rootDefault ? [] : [option("output", flags.output)]),
  ].join(" ");
}

function keptOptions(flags: GivenFlags): string[] {
  return [
    ...kept.flatMap((key) => (flags[key] === undefined ? [] : [option(key, flags[key])])),
    ...(flags.artifact ?? []).map((path) => option("artifact", path)),
    ...(flags.yes === true ? ["--yes"] : []),
  ];
}

function option(name: string, value: string | number): string {
  return `--${name} ${shellWord(String(value))}`;
}
