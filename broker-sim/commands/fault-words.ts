import type * as z from "zod";

import { UsageError } from "../../foundation/errors.ts";

/** By which option each field of a fault is given. */
const options: Readonly<Record<string, string>> = {
  phase: "--answer",
  delayMs: "--delay",
  status: "--status",
  code: "--code",
  afterBytes: "--after",
  aheadMs: "--ahead",
  writes: "--writes",
  expiresInMs: "--for",
  first: "--first",
  route: "--route",
  agentId: "--agent",
};

/**
 * What is wrong with a fault as it was ordered, in the words of the command line.
 *
 * @param given each option's text, by the field that it is for
 */
export function wrongFault(
  kind: string,
  issues: readonly z.core.$ZodIssue[],
  given: Readonly<Record<string, string | undefined>>,
): UsageError {
  const missing = issues.find(({ path }) => given[String(path.at(-1))] === undefined && path.length > 1);
  const [issue] = missing === undefined ? issues : [missing];
  return new UsageError(sentence(kind, issue, given), {
    code: "usage",
    next:
      issue?.path.at(-1) === "code"
        ? "The document at /documentation lists the codes, under Problem."
        : "`broker-sim fault add --help` says which options each kind takes.",
  });
}

function sentence(
  kind: string,
  issue: z.core.$ZodIssue | undefined,
  given: Readonly<Record<string, string | undefined>>,
): string {
  if (issue?.code === "unrecognized_keys") {
    return `A fault ${kind} takes no ${issue.keys.map((key) => options[key] ?? key).join(" and no ")}.`;
  }
  const field = String(issue?.path.at(-1));
  const option = options[field] ?? field;
  const text = given[field];
  if (text === undefined) return `A fault ${kind} needs ${option}.`;
  if (field === "code") return `--code ${text} is no code of a problem.`;
  return `${option} ${text} is not usable: ${issue?.message ?? "it is not as it should be"}.`;
}
