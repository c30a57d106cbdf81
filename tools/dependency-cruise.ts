import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";

const cruiser = resolve(import.meta.dirname, "../node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

const CruiseResult = z.object({
  modules: z.array(z.object({ source: z.string() })),
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
    ruleSetUsed: z.object({ forbidden: z.array(z.object({ name: z.string(), comment: z.string() })) }),
  }),
});

export interface Cruise {
  /** Every module that was looked at, by path. */
  readonly modules: ReadonlySet<string>;
  /** Each rule with the sentence that says where to go instead. */
  readonly rules: ReadonlyMap<string, string>;
  readonly violations: readonly { readonly rule: string; readonly from: string; readonly to: string }[];
}

/** Runs dependency-cruiser on a folder with that folder's `.dependency-cruiser.mjs`. */
export async function cruiseSources(root: string): Promise<Cruise> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cruiser, "--config", ".dependency-cruiser.mjs", "--output-type", "json", "."],
    { cwd: root, maxBuffer: OUTPUT_BYTES_MAX },
  ).catch((error: unknown) => keepResult(error));
  const { modules, summary } = CruiseResult.parse(JSON.parse(stdout));
  return {
    modules: new Set(modules.map((module) => module.source)),
    rules: new Map(summary.ruleSetUsed.forbidden.map((rule) => [rule.name, rule.comment])),
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

/** A cruise that found violations exits with their number and prints its result all the same. */
function keepResult(error: unknown): { stdout: string } {
  if (error instanceof Error && "stdout" in error && typeof error.stdout === "string" && error.stdout.startsWith("{")) {
    return { stdout: error.stdout };
  }
  throw error;
}
