import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest } from "fastify";

import type { ProblemCode } from "../../../protocol/messages.ts";
import { brokerLimits } from "../../core/broker-limits.ts";
import { ProblemError } from "../problems.ts";

const minuteMs = 60_000;
/** What somebody hears who guesses a token. */
const guesses: ReadonlySet<ProblemCode> = new Set(["bad-join-token", "bad-operator-token"]);

/** How many in a minute. */
export interface RateLimitOptions {
  readonly requestsMax?: number;
  readonly guessesMax?: number;
  readonly hubCallsMax?: number;
}

export interface RateLimits {
  /** Counts a request of an agent whose signature was proved. @throws ProblemError `rate-limited` */
  ofAgent(request: FastifyRequest, agentId: string): Promise<void>;
  /** Refuses an address that guessed wrong too often of late. @throws ProblemError `rate-limited` */
  ofGuesses(request: FastifyRequest): Promise<void>;
  /** Counts what comes from another broker, by its address. @throws ProblemError `rate-limited` */
  ofHubs(request: FastifyRequest): Promise<void>;
  /** Counts a refusal if it was a guess. */
  refused(request: FastifyRequest, code: ProblemCode): Promise<void>;
}

/**
 * Three limits by @fastify/rate-limit, each over a minute: wrong tokens, and calls of other brokers, by address, which is
 * all that is known of whoever sends them; and requests by agent, counted only once its signature is proved: nobody can
 * use up another's share.
 */
export async function rateLimits(app: FastifyInstance, options: RateLimitOptions = {}): Promise<RateLimits> {
  const { requestsMax = brokerLimits.requestsPerAgentPerMinuteMax } = options;
  const { guessesMax = brokerLimits.tokenGuessesPerMinuteMax } = options;
  const { hubCallsMax = brokerLimits.hubCallsPerMinuteMax } = options;
  await app.register(rateLimit, { global: false });
  const agentIds = new WeakMap<FastifyRequest, string>();
  const byAgent = app.createRateLimit({
    max: requestsMax,
    timeWindow: minuteMs,
    keyGenerator: (request) => agentIds.get(request) ?? "nobody",
  });
  // One more than the limit is what the plugin calls exceeded; looking does not count.
  const byAddress = app.createRateLimit({ max: guessesMax, timeWindow: minuteMs, keyGenerator: ({ ip }) => ip });
  const ofHubs = app.createRateLimit({ max: hubCallsMax, timeWindow: minuteMs, keyGenerator: ({ ip }) => `hub ${ip}` });
  return {
    async ofAgent(request, agentId) {
      agentIds.set(request, agentId);
      const result = await byAgent(request);
      if (!result.isAllowed && result.isExceeded) {
        throw new ProblemError("rate-limited", `An agent may ask ${requestsMax} times a minute; slow down.`);
      }
    },
    async ofGuesses(request) {
      const result = await byAddress(request, { increment: false });
      if (!result.isAllowed && result.remaining === 0) {
        throw new ProblemError("rate-limited", "Too many wrong tokens came from this address; wait a minute.");
      }
    },
    async ofHubs(request) {
      const result = await ofHubs(request);
      if (!result.isAllowed && result.isExceeded) {
        throw new ProblemError("rate-limited", `A hub may call ${hubCallsMax} times a minute; slow down.`);
      }
    },
    async refused(request, code) {
      // Who brings no token at all guesses none: a page that asks without one locks nobody out.
      const isGuess = code !== "bad-operator-token" || request.headers.authorization !== undefined;
      if (guesses.has(code) && isGuess) await byAddress(request);
    },
  };
}
