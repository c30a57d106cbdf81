import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";

import { systemCode, UsageError } from "../../foundation/errors.ts";
import { RunVerdict } from "../../protocol/verdict.ts";
import type { EndedRun } from "../reporter.ts";
import { parseHistory } from "./parse-history.ts";
import { readAftermath } from "./read-aftermath.ts";
import { unfinishedVerdict } from "./unfinished-verdict.ts";

const chunkBytes = 1024 * 1024;

/** A run as it was read; `recorded` says whether the harness had come to a verdict. */
export interface StoredRun extends EndedRun {
  readonly recorded: boolean;
  readonly lostEvidence: readonly string[];
  /** A sentence, where its history is another one than it was judged by; among what was lost as well. */
  readonly altered?: string;
}

/**
 * Reads what a run left in its directory.
 *
 * @throws UsageError `no-history` or `broken-history` when there is nothing to derive a report from
 */
export function readRun(runDirectory: string): StoredRun {
  const { records: history, lostEvidence } = parseHistory(historyText(runDirectory));
  if (history.length === 0) {
    throw new UsageError(`${join(runDirectory, "history.jsonl")} holds no record that can be read.`, {
      code: "broken-history",
      next: "The logs in its logs/ folder may tell more; `npx reports list` shows the other runs.",
    });
  }
  const read = recordedVerdict(runDirectory);
  if ("verdict" in read) {
    const altered = otherHistory(read.verdict, runDirectory);
    return {
      ...{ ...read, ...altered, history, runDirectory, recorded: true },
      lostEvidence: [...lostEvidence, ...(altered.altered === undefined ? [] : [altered.altered])],
    };
  }
  const aftermath = readAftermath(runDirectory);
  // Whoever undid it for the harness knew that it was dead.
  const why = aftermath === null ? read.why : "The run has no verdict: its harness was killed.";
  const verdict = unfinishedVerdict(history, why, aftermath);
  if (verdict !== undefined) return { verdict, history, runDirectory, lostEvidence, recorded: false };
  throw new UsageError(`${runDirectory} has no verdict, and its history does not say what was run.`, {
    code: "broken-history",
    next: "The logs in its logs/ folder may tell more; `npx reports list` shows the other runs.",
  });
}

/** The verdict that the harness recorded, or a sentence that says why there is none. */
export function recordedVerdict(runDirectory: string): { verdict: RunVerdict } | { why: string } {
  let text: string;
  try {
    text = readFileSync(join(runDirectory, "verdict.json"), "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") {
      return { why: "The run has no verdict: the harness was killed, or is still at it." };
    }
    return { why: `The run's verdict.json cannot be read: ${systemCode(error) ?? String(error)}.` };
  }
  try {
    const parsed = RunVerdict.safeParse(JSON.parse(text));
    if (parsed.success) return { verdict: parsed.data };
    const [issue] = parsed.error.issues;
    return { why: `The run's verdict.json is no verdict: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}.` };
  } catch {
    return { why: "The run's verdict.json is not JSON: it was torn or edited." };
  }
}

/** What was changed, or came, since the run was judged is no evidence for what it was judged to be. */
function otherHistory({ historySha256: judged }: RunVerdict, runDirectory: string): Pick<StoredRun, "altered"> {
  if (judged === undefined || sha256Of(join(runDirectory, "history.jsonl")) === judged) return {};
  return { altered: "history.jsonl is not what the run was judged by: it was changed, or written to, since." };
}

/** Piece by piece: a million records are a quarter of a gigabyte. */
function sha256Of(path: string): string {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(chunkBytes);
  const descriptor = openSync(path, "r");
  try {
    for (let bytes = readSync(descriptor, chunk); bytes > 0; bytes = readSync(descriptor, chunk)) {
      hash.update(chunk.subarray(0, bytes));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest("hex");
}

function historyText(runDirectory: string): string {
  try {
    return readFileSync(join(runDirectory, "history.jsonl"), "utf8");
  } catch (error) {
    const missing = systemCode(error) === "ENOENT";
    throw new UsageError(
      missing
        ? `${runDirectory} holds no history.jsonl: it is no run, or the harness was killed before it did anything.`
        : `Cannot read ${join(runDirectory, "history.jsonl")}: ${systemCode(error) ?? String(error)}.`,
      {
        code: "no-history",
        next: missing ? "See all runs with `npx reports list`." : "Read it as the user who ran the scenario.",
        cause: error,
      },
    );
  }
}
