import { createHash, timingSafeEqual } from "node:crypto";

import type { FastifyInstance } from "fastify";

import { ProblemError } from "../problems.ts";

/**
 * Makes every route of this scope the operator's: `authorization: Bearer TOKEN` (RFC 6750). Judged before a byte of the
 * body is read.
 */
export function requireOperator(app: FastifyInstance, operatorToken: string): void {
  app.addHook("onRequest", async ({ headers }) => {
    const [, given] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
    if (given !== undefined && isSameSecret(given, operatorToken)) return;
    throw new ProblemError(
      "bad-operator-token",
      given === undefined
        ? "This needs the operator's token, as `authorization: Bearer TOKEN`."
        : "The operator's token is another one.",
    );
  });
}

/** Compares secrets in a time that says nothing of them. */
export function isSameSecret(left: string, right: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(digest(left), digest(right));
}
