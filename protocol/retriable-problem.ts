import type { ProblemCode } from "./messages.ts";

/**
 * Whether the same call may succeed later: a full, failing or leaving broker may recover or come back, and a stale or repeated signature is
 * made anew with the next try; a broker that has less or more of an upload than its sender thought says how much.
 */
export function isRetriable(code: ProblemCode): boolean {
  return retriable.has(code);
}

const retriable: ReadonlySet<ProblemCode> = new Set([
  "internal",
  "full",
  "store-away",
  "out-of-service",
  "rate-limited",
  "stale-signature",
  "replayed",
  "offset-mismatch",
]);
