import { readFileSync } from "node:fs";
import { dirname, extname } from "node:path";

import { messageOf, UsageError } from "../../foundation/errors.ts";
import type { Config } from "../config.ts";
import { findConfig } from "./find-config.ts";
import { importFile } from "./import-file.ts";

/** A configuration and the folder from which its paths go. */
export interface FoundConfig {
  /** Undefined where there is none. */
  readonly file: string | undefined;
  readonly folder: string;
  readonly config: Config;
}

/**
 * Reads the configuration: the one named, or the first found from here upward.
 *
 * @throws UsageError `broken-config` or `bad-file`, naming the file and every field that is wrong
 */
export async function readConfig(named: string | undefined): Promise<FoundConfig> {
  const given = await givenConfig(named);
  if (given === undefined) return { file: undefined, folder: process.cwd(), config: {} };
  const { file, value } = given;
  const { Config } = await import("../config.ts");
  const parsed = Config.safeParse(value);
  if (parsed.success) return { file, folder: dirname(file), config: parsed.data };
  if (extname(file) === ".json") {
    const { prettifyError } = await import("zod");
    throw brokenConfig(file, prettifyError(parsed.error).replaceAll("\n", " "), parsed.error);
  }
  const [{ issueProblems }, { fileProblems }] = await Promise.all([
    import("./issue-problems.ts"),
    import("./file-problem.ts"),
  ]);
  throw fileProblems(file, issueProblems(Config, value, { what: "the configuration" }));
}

/** Where scenarios of the user's lie, of a configuration that is not looked at any further: for who only lists them. */
export async function scenarioGlobs(named: string | undefined): Promise<{ folder: string; globs: readonly string[] }> {
  const given = await givenConfig(named);
  if (given === undefined) return { folder: process.cwd(), globs: [] };
  const { scenarios } = given.value as { readonly scenarios?: unknown };
  const globs = [scenarios ?? []].flat().filter((one) => typeof one === "string");
  return { folder: dirname(given.file), globs };
}

async function givenConfig(named: string | undefined): Promise<{ file: string; value: object } | undefined> {
  const file = findConfig(named);
  if (file === undefined) return undefined;
  const value = extname(file) === ".json" ? readJson(file) : (await importFile(file))["default"];
  if (typeof value === "object" && value !== null) return { file, value };
  const what = value === undefined ? "it has no default export" : "its default export is no configuration";
  const { fileProblems } = await import("./file-problem.ts");
  throw fileProblems(file, [{ path: [], message: `${what}: write \`export default defineConfig({ … })\`` }]);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw brokenConfig(file, messageOf(error), error);
  }
}

function brokenConfig(file: string, why: string, cause: unknown): UsageError {
  return new UsageError(`The configuration ${file} cannot be used: ${why}.`, {
    code: "broken-config",
    next: "Mend it, or name another one with --config FILE; README.md shows an example.",
    cause,
  });
}
