import { readFileSync } from "node:fs";

import * as z from "zod";

import { messageOf, UsageError } from "../foundation/errors.ts";
import { residuePolicies, type ResiduePolicy, Waiver } from "../protocol/residue-report.ts";

const PolicyFile = z.strictObject({
  /** The built-in policy that it stands on. */
  base: z.enum(residuePolicies),
  waivers: z.array(Waiver).default([]),
});

export interface ReadPolicy {
  readonly policy: ResiduePolicy;
  readonly waivers: readonly Waiver[];
}

/**
 * Reads a policy file: `{ "base": "ci", "waivers": [{ "finding": "files:/var/cache/x/**", "reason": "…", "expires":
 * "2026-12-31" }] }`.
 *
 * @param nowMs a waiver counts until the end of its last day, in UTC
 * @throws UsageError `policy-file` that names what is wrong: no such file, no reason, expired
 */
export function readPolicyFile(path: string, nowMs: number): ReadPolicy {
  const policy = PolicyFile.safeParse(readJson(path));
  if (!policy.success) {
    const problems = policy.error.issues.map((issue) => `${issue.path.join(".") || "it"}: ${wordsFor(issue)}`);
    throw broken(path, problems.join("; "));
  }
  const { base, waivers } = policy.data;
  const today = new Date(nowMs).toISOString().slice(0, 10);
  const expired = waivers.filter(({ expires }) => expires < today);
  if (expired.length > 0) {
    const told = expired.map(({ finding, expires }) => `the waiver of ${finding} expired with ${expires}`);
    throw broken(
      path,
      told.join("; "),
      "Look whether the reason still holds: then give it a new day, else take it out.",
    );
  }
  return { policy: base, waivers };
}

function wordsFor(issue: z.core.$ZodIssue): string {
  const field = issue.path.at(-1);
  if (field === "reason")
    return "a waiver needs a reason of 10 characters or more, in words that somebody else understands";
  if (field === "expires") return "a waiver needs its last day, as 2026-12-31";
  return issue.message;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw broken(path, messageOf(error), "Name a file with a policy in JSON; see `residue run --help`.", error);
  }
}

function broken(
  path: string,
  what: string,
  next = "Correct it; see `residue run --help`.",
  cause?: unknown,
): UsageError {
  return new UsageError(`The policy file ${path} cannot be used: ${what}.`, { code: "policy-file", next, cause });
}
