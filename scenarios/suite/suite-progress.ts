import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import * as z from "zod";

import { messageOf, UsageError } from "../../foundation/errors.ts";
import { SuiteEntry, type SuiteRecord } from "../../protocol/suite.ts";

/** Beside `suite.json` while a command is at it: a line for each entry that has come to its end. */
export const progressFile = "suite-progress.jsonl";

/** Whose progress it is: a killed command's must not be taken for a later one's. */
const Header = z.strictObject({ startedAt: z.number() });
const Line = z.strictObject({ endedAt: z.number(), entry: SuiteEntry });

/** Begins anew; gives what went wrong, if anything. */
export function beginProgress(root: string, { startedAt }: Pick<SuiteRecord, "startedAt">): UsageError | null {
  return attempt(root, (path) => writeFileSync(path, `${JSON.stringify({ startedAt })}\n`, { mode: 0o600 }));
}

/** Adds what became of one entry: as long as the entry, however many there are. Gives what went wrong, if anything. */
export function noteProgress(root: string, entry: SuiteEntry, endedAt: number): UsageError | null {
  return attempt(root, (path) => appendFileSync(path, `${JSON.stringify({ endedAt, entry })}\n`));
}

/** The whole is in `suite.json` now. */
export function endProgress(root: string): void {
  rmSync(join(root, progressFile), { force: true });
}

/** A record with what came to its end since it was written. A torn last line had not come to its end. */
export function withProgress(root: string, record: SuiteRecord): SuiteRecord {
  const [header, ...lines] = linesOf(join(root, progressFile)).map(jsonOf);
  if (Header.safeParse(header).data?.startedAt !== record.startedAt) return record;
  const ended = lines.flatMap((line) => Line.safeParse(line).data ?? []);
  const byPosition = new Map(ended.map(({ entry }) => [entry.position, entry]));
  return {
    ...record,
    endedAt: Math.max(record.endedAt, ...ended.slice(-1).map(({ endedAt }) => endedAt)),
    entries: record.entries.map((entry) => byPosition.get(entry.position) ?? entry),
  };
}

function attempt(root: string, write: (path: string) => void): UsageError | null {
  const path = join(root, progressFile);
  try {
    write(path);
    return null;
  } catch (error) {
    return new UsageError(`What ran could not be written to ${path}: ${messageOf(error)}.`, {
      code: "suite-file",
      next: "`--last-failed` goes by an older command until there is room.",
      cause: error,
    });
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch {
    // No command is at it, or was killed there.
    return [];
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
