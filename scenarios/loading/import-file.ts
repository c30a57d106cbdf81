import { existsSync, readFileSync } from "node:fs";
import { registerHooks, type ResolveHookSync } from "node:module";
import { pathToFileURL } from "node:url";

import { HouseguestError, messageOf, UsageError } from "../../foundation/errors.ts";
import { ExitCode } from "../../foundation/exit-codes.ts";
import { nearest } from "../../foundation/nearest.ts";
import { noteUsersFile } from "../own-bug.ts";
import { placeOf } from "./place-of.ts";

/** The name by which users' files import what is theirs, and where it is. */
const publicName = "houseguest";
const publicModule = new URL("../houseguest.ts", import.meta.url).href;

/** What steps of one's own have their parameters checked by: a file's own copy of it, or where it has none, ours. */
const lentName = "zod";

/** How long a file may wait at its top, in milliseconds: for a server that it asks, and not for ever. */
const loadMsMax = 60_000;

/** A file waits at its top for what does not come; it cannot be stopped, and goes on until the process ends. */
export class StillLoading extends HouseguestError {
  override readonly name = "StillLoading";
  override readonly exitCode = ExitCode.unknown;

  constructor(file: string, withinMs: number) {
    super(`${placeOf(file, undefined)}: it still waits at its top after ${withinMs / 1000} s. Nothing is judged.`, {
      code: "still-loading",
      next: "Look at what it, and what it imports, awaits outside of every function.",
    });
  }
}

/** So that a file finds them wherever it lies, and of what is ours the same copy that runs it. */
let hooks: { deregister(): void } | undefined;

/**
 * What a user's file exports.
 *
 * @param file absolute
 * @throws UsageError `bad-file`, with the line, where it cannot be read or run
 * @throws StillLoading
 */
export async function importFile(file: string, withinMs = loadMsMax): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(file)) {
    throw new UsageError(`There is no file ${placeOf(file, undefined)}.`, {
      code: "no-file",
      next: "Look at its path.",
    });
  }
  hooks ??= registerHooks({ resolve });
  noteUsersFile(file);
  const late = Promise.withResolvers<never>();
  // Where nothing else keeps the process, it ends at once and says so.
  const timer = setTimeout(() => late.reject(new StillLoading(file, withinMs)), withinMs).unref();
  try {
    return (await Promise.race([import(pathToFileURL(file).href), late.promise])) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof StillLoading) throw error;
    throw new UsageError(explained(file, error), {
      code: "bad-file",
      next: "\ndocs/own-scenarios.md shows how a scenario is written.",
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

const resolve: ResolveHookSync = (name, context, next) => {
  if (name === publicName) return { url: publicModule, shortCircuit: true };
  if (name !== lentName) return next(name, context);
  try {
    return next(name, context);
  } catch {
    return next(name, { ...context, parentURL: import.meta.url });
  }
};

function explained(file: string, error: unknown): string {
  const message = messageOf(error).replace(/\.$/, "");
  const missing = / does not provide an export named '(.+)'/.exec(message)?.[1];
  if (missing !== undefined) {
    const line = lineHolding(file, missing);
    const meant = nearest(missing, ["defineScenario", "defineStep", "defineConfig", "defineAgent"]);
    return `${placeOf(file, line)}: ${message}${meant === undefined ? "" : `: did you mean "${meant}"?`}`;
  }
  const { stack = "" } = error instanceof Error ? error : {};
  return `${placeOf(file, lineIn(stack, file))}: ${message}`;
}

/** The first line of that file that a stack speaks of; of an error of grammar it is the first line. */
function lineIn(stack: string, file: string): number | undefined {
  for (const name of [pathToFileURL(file).href, file]) {
    const at = stack.indexOf(`${name}:`);
    const line = at < 0 ? Number.NaN : Number.parseInt(stack.slice(at + name.length + 1), 10);
    if (!Number.isNaN(line)) return line;
  }
  return undefined;
}

function lineHolding(file: string, word: string): number | undefined {
  const index = readFileSync(file, "utf8")
    .split("\n")
    .findIndex((line) => line.includes(word));
  return index < 0 ? undefined : index + 1;
}
