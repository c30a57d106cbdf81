import { readFileSync } from "node:fs";

import type * as z from "zod";

import { UsageError, messageOf } from "../../foundation/errors.ts";
import { wrapText } from "../../foundation/wrap-text.ts";
import { Timing, defaultTiming } from "../../protocol/timing.ts";
import { brokenRulesInLines, brokenTimingRules } from "../../protocol/timing-rules.ts";

/**
 * Reads `--timing`: a JSON object, or the path of a file that holds one; what it leaves out keeps its default.
 *
 * @throws UsageError `bad-timing`, which names the pair of times that is not safe
 */
export function readTiming(argument: string | undefined): Timing {
  if (argument === undefined) return defaultTiming;
  const text = /^\s*[[{"]/.test(argument) ? argument : readFile(argument);
  const parsed = Timing.strict().safeParse(parseJson(text));
  if (!parsed.success) throw badTiming(parsed.error.issues.map(inWords).join("; "));
  const broken = brokenTimingRules(parsed.data);
  if (broken.length > 0) throw unsafe(broken);
  return parsed.data;
}

function inWords({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw badTiming(`${path} cannot be read (${messageOf(error)})`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badTiming(`it is not JSON (${messageOf(error)})`);
  }
}

/** One paragraph a rule: its name, the pair with both values, the reason, and what to change. */
function unsafe(broken: readonly string[]): UsageError {
  return new UsageError(`The times are not mutually safe:\n${brokenRulesInLines(broken)}`, {
    code: "bad-timing",
    next: wrapText(
      "Change --timing so that each of these holds; what it leaves out keeps its default (protocol/timing.ts).",
    ),
  });
}

function badTiming(detail: string): UsageError {
  return new UsageError(`The timing is not usable: ${detail}.`, {
    code: "bad-timing",
    next: "Correct --timing; protocol/timing.ts lists the times with their defaults.",
  });
}
