import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

import { messageOf, systemCode, UsageError } from "../../foundation/errors.ts";
import type { FileOutput } from "../file-output.ts";
import type { EndedRun, EndedSuite, Reporter, RunPlace } from "../reporter.ts";
import type { ReportSeries } from "../report-series.ts";
import { runPageParts } from "./run-page.ts";
import { type KeptEntry, keptEntry, suitePage } from "./suite-page.ts";

export interface HtmlSeries extends ReportSeries {
  /** What could not be written; asked once, after `close`. */
  unwritten(): readonly UsageError[];
}

export interface HtmlSeriesOptions {
  /** What `--reporter html=FILE` names: the page of a single run, else the index. */
  readonly file: { readonly path: string; readonly output: FileOutput } | undefined;
  /** Tells the user where it is. */
  readonly say: (text: string) => void;
}

/**
 * A page a run: beside its directory, because what is in there is attested; or where the user says. Several runs get an
 * index with the way to each page: `index.html` beside their directories, or the file that the user named, with the
 * pages in a folder beside that. The index is whole after each run, so that a crash takes nothing along.
 */
export function htmlSeries({ file, say }: HtmlSeriesOptions): HtmlSeries {
  const entries = new Map<number, KeptEntry>();
  const problems: UsageError[] = [];
  let shown: string | undefined;
  let index: { readonly path: string; readonly write: (text: string) => void } | undefined;
  const write = (path: string, parts: Iterable<string>) => {
    try {
      // Only the folder beside the index may be missing.
      if (!existsSync(dirname(path))) mkdirSync(dirname(path));
      writeParts(path, parts);
      shown = path;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      problems.push(notWritten(path, error));
    }
  };
  const end = (place: RunPlace, run: EndedRun) => {
    const several = place.entries > 1 || place.attemptsMax > 1;
    if (!several && file !== undefined) {
      put(file.output, [...runPageParts(run)].join(""));
      shown = file.path;
      return;
    }
    const path = pagePath(run, file?.path);
    write(path, runPageParts(run));
    if (!several) return;
    const root = dirname(resolve(run.runDirectory));
    index ??= file === undefined ? indexIn(root, write) : indexAt(file);
    entries.set(
      place.position,
      keptEntry(run, { place, earlier: entries.get(place.position), href: hrefTo(path, index.path) }),
    );
    index.write(suitePage([...entries.values()], null));
  };
  return {
    next: (place): Reporter => ({ record: () => undefined, end: (run) => end(place, run), close: () => undefined }),
    close(suite: EndedSuite | null) {
      // Where nothing could be run at all, that is worth a page too.
      if (index === undefined && file !== undefined && entries.size === 0 && shown === undefined) index = indexAt(file);
      if (suite !== null && index !== undefined) index.write(suitePage([...entries.values()], suite));
      const told = index?.path ?? shown;
      if (told !== undefined) say(`HTML report  ${near(told)}\n`);
    },
    unwritten: () => problems,
  };
}

/** In place, as every report: the file may be a link, or the only one that its folder has room for. */
function writeParts(path: string, parts: Iterable<string>): void {
  const descriptor = openSync(path, "w");
  try {
    for (const part of parts) writeFileSync(descriptor, part);
  } finally {
    closeSync(descriptor);
  }
}

function indexIn(root: string, write: (path: string, parts: Iterable<string>) => void) {
  const path = join(root, "index.html");
  return { path, write: (text: string) => write(path, [text]) };
}

function indexAt({ path, output }: NonNullable<HtmlSeriesOptions["file"]>) {
  return { path: resolve(path), write: (text: string) => put(output, text) };
}

/** As short as it can be and yet lead there. */
function near(path: string): string {
  const way = relative(process.cwd(), path);
  return way === "" || way.startsWith("..") ? resolve(path) : way;
}

/** A pipe or a device is written to once; a file holds the latest. */
function put(output: FileOutput, text: string): void {
  if (output.rewrite === undefined) output.write(text);
  else output.rewrite(text);
}

function pagePath({ runDirectory }: EndedRun, file: string | undefined): string {
  const directory = resolve(runDirectory);
  if (file === undefined) return `${directory}.html`;
  const stem = basename(file).replace(/\.html?$/i, "");
  return join(resolve(dirname(file)), `${stem}-runs`, `${basename(directory)}.html`);
}

function hrefTo(page: string, index: string): string {
  return relative(dirname(index), page).split(sep).map(encodeURIComponent).join("/");
}

function notWritten(path: string, cause: unknown): UsageError {
  return new UsageError(`The HTML report ${path} could not be written: ${systemCode(cause) ?? messageOf(cause)}.`, {
    code: "report-file",
    next: "Make room there, or name a file with --reporter html=FILE.",
    cause,
  });
}
