import { matchesGlob, resolve } from "node:path";

import { UsageError } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";
import { catalog, scenarioNamed } from "../catalog/catalog.ts";
import { isFile } from "../loading/is-file.ts";
import type { Scenario } from "../steps/scenario.ts";

/** What narrows a list of scenarios. */
export interface Narrowing {
  /** A regular expression over what `searched` gives; without a capital letter case does not matter. */
  readonly grep?: string;
  readonly grepInvert?: string;
}

export interface Selection extends Narrowing {
  /** Names, globs, files, or `all`. */
  readonly words: readonly string[];
  readonly all?: boolean;
}

const wildcards = /[*?[{]/;

/**
 * The scenarios that a user means, each once and in the catalogue's order, so that a shard is the same however they
 * were named.
 *
 * @param all the catalogue, and what a user adds to it; of files that are named it holds what they define
 * @throws UsageError `nothing-named`, `unknown-scenario`, `no-match` or `broken-grep`
 */
export function selectScenarios(selection: Selection, all: readonly Scenario[] = catalog): Scenario[] {
  const { words, all: everything = false } = selection;
  if (words.length === 0 && !everything && selection.grep === undefined && selection.grepInvert === undefined) {
    throw new UsageError("Nothing says which scenarios to run.", {
      code: "nothing-named",
      next: "Name some, or give --all or --grep; `scenarios list` shows them.",
    });
  }
  const whole = everything || words.length === 0 || words.includes("all");
  const meant = whole ? new Set(all) : new Set(words.flatMap((word) => scenariosFor(word, all)));
  const selected = narrowed(
    all.filter((scenario) => meant.has(scenario)),
    selection,
  );
  if (selected.length > 0) return selected;
  const told = selection.grep === undefined ? `--grep-invert ${selection.grepInvert}` : `--grep ${selection.grep}`;
  throw new UsageError(`No scenario is left by ${told}.`, {
    code: "no-match",
    next: "`scenarios list --grep WORD` shows what a word matches.",
  });
}

/**
 * Those of a list that `--grep` and `--grep-invert` leave.
 *
 * @throws UsageError `broken-grep`
 */
export function narrowed(scenarios: readonly Scenario[], { grep, grepInvert }: Narrowing): Scenario[] {
  const wanted = grep === undefined ? undefined : expression("--grep", grep);
  const unwanted = grepInvert === undefined ? undefined : expression("--grep-invert", grepInvert);
  return scenarios.filter((scenario) => {
    const text = searched(scenario);
    return (wanted?.test(text) ?? true) && !(unwanted?.test(text) ?? false);
  });
}

/** What a word of `--grep` is looked for in: name, title, tags and rows of the requirements. */
function searched({ name, title, tags, requirements }: Scenario): string {
  return [name, title, ...tags.map((tag) => `@${tag}`), ...requirements].join(" ");
}

function expression(flag: string, source: string): RegExp {
  try {
    return new RegExp(source, /\p{Lu}/u.test(source) ? "u" : "iu");
  } catch (error) {
    throw new UsageError(`${flag} ${JSON.stringify(source)} is no regular expression.`, {
      code: "broken-grep",
      next: "Escape what is meant literally with a backslash.",
      cause: error,
    });
  }
}

function scenariosFor(word: string, all: readonly Scenario[]): Scenario[] {
  if (isFile(word)) return all.filter(({ file }) => file === resolve(word));
  if (!wildcards.test(word)) return [scenarioNamed(word, all)];
  const matching = all.filter(({ name }) => matchesGlob(name, word));
  if (matching.length > 0) return matching;
  const names = all.map(({ name }) => name);
  const meant = nearest(word.toLowerCase().replaceAll(/[^a-z-]/g, ""), names);
  throw new UsageError(`No scenario matches "${word}".`, {
    code: "unknown-scenario",
    next: meant === undefined ? "`scenarios list` shows them all." : `The nearest is ${meant}.`,
  });
}
