import type { ProblemCode } from "../../protocol/messages.ts";

/** The HTTP status under which each refusal is sent. */
export const problemStatus: Record<ProblemCode, number> = {
  "bad-request": 400,
  "bad-join-token": 403,
  "bad-signature": 401,
  "stale-signature": 401,
  replayed: 401,
  revoked: 401,
  "unknown-agent": 401,
  "unknown-job": 404,
  "unknown-lease": 404,
  "unknown-checkpoint": 409,
  "unknown-execution": 404,
  fenced: 409,
  "offer-lapsed": 409,
  "lease-expired": 409,
  "job-settled": 409,
  "execution-over": 409,
  "too-large": 413,
  "digest-mismatch": 400,
  "offset-mismatch": 409,
  full: 503,
  "not-found": 404,
  internal: 500,
};
