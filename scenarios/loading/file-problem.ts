import { readFileSync } from "node:fs";

import { UsageError } from "../../foundation/errors.ts";
import { nearest } from "../../foundation/nearest.ts";
import { type DataPath, lineOf } from "./locate.ts";
import { placeOf } from "./place-of.ts";

/** One thing that is wrong in what a file exports. */
export interface Problem {
  readonly path: DataPath;
  /** What is wrong, where it is a text or a field's name, to find it by where the source computes its place. */
  readonly text?: string | undefined;
  readonly message: string;
}

const problemsShown = 10;

/**
 * A file that cannot be used, each thing that is wrong with it on a line of its own, with the line of the source.
 *
 * @param file absolute
 */
export function fileProblems(file: string, problems: readonly Problem[]): UsageError {
  const source = readFileSync(file, "utf8");
  const lines = problems
    .map(({ path, text, message }) => ({ line: lineOf(source, path, text), message }))
    .toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0))
    .map(({ line, message }) => `${placeOf(file, line)}: ${message}`);
  const more = lines.length > problemsShown ? [`and ${lines.length - problemsShown} more`] : [];
  return new UsageError([...lines.slice(0, problemsShown), ...more].join("\n"), {
    code: "bad-file",
    next: "\ndocs/own-scenarios.md shows how a scenario is written.",
  });
}

/** A field that there is not, of a thing that has those. */
export function unknownField(owner: string, field: string, names: readonly string[]): string {
  const meant = nearest(field, names);
  const has = names.length === 0 ? "" : `: it has ${names.join(", ")}`;
  return `${owner} has no field "${field}"${meant === undefined ? has : `: did you mean "${meant}"?`}`;
}

/** `no KIND "word": did you mean "name"?`, or which there are, if they are few. */
export function unknownWord(kind: string, word: string, names: readonly string[]): string {
  const meant = nearest(word.toLowerCase(), names);
  if (meant !== undefined) return `no ${kind} "${word}": did you mean "${meant}"?`;
  if (names.length === 0) return `no ${kind} "${word}": there is none at all`;
  return names.length <= 8 ? `no ${kind} "${word}": there is ${names.join(", ")}` : `no ${kind} "${word}"`;
}
