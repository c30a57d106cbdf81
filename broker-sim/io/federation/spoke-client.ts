import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../../../foundation/clock.ts";
import { limits } from "../../../foundation/limits.ts";
import { messageOf } from "../../../foundation/errors.ts";
import { parseJson } from "../../../foundation/parse-json.ts";
import {
  type CommandAction,
  Envelope,
  JoinedPayload,
  type RemoteExecution,
  ResultPayload,
  payloadTypes,
} from "../../../protocol/federation.ts";
import { Problem } from "../../../protocol/messages.ts";
import { isRetriable } from "../../../protocol/retriable-problem.ts";
import { routes } from "../../../protocol/routes.ts";
import type { BrokerClock } from "../broker-clock.ts";
import { type BrokerKey, isSealedBy, open, seal } from "./envelopes.ts";
import { ProblemError } from "../problems.ts";

/** Where a hub reaches a spoke, and by which key it knows it. */
export interface Spoke {
  readonly connectionId: string;
  readonly url: string;
  readonly key: string;
}

/** How long a command may take with all its tries, one try, and the wait before the second, which doubles; milliseconds. */
export interface SpokeTimes {
  readonly commandMs: number;
  readonly tryMs: number;
  readonly waitMs: number;
}
export const spokeTimes: SpokeTimes = { commandMs: 15_000, tryMs: 4_000, waitMs: 200 };

/** The hub's side of a connection: signed commands, tried again under the same id until there is an answer or no time. */
export class SpokeClient {
  readonly #key: BrokerKey;
  readonly #clock: BrokerClock;
  readonly #times: SpokeTimes;

  constructor({ key, clock, times = spokeTimes }: { key: BrokerKey; clock: BrokerClock; times?: SpokeTimes }) {
    this.#key = key;
    this.#clock = clock;
    this.#times = times;
  }

  /** Comes to a spoke with its invitation. */
  async join(spoke: Spoke, { secret, hubName }: { secret: string; hubName: string }): Promise<void> {
    const { connectionId } = spoke;
    const payload = { connectionId, secret, hubKey: this.#key.publicKey, hubName, issuedAt: this.#clock.nowMs() };
    const answer = await this.#post(spoke, routes.federationJoin, seal(payloadTypes.join, payload, this.#key));
    const isSealed = isSealedBy(answer, { type: payloadTypes.joined, key: spoke.key });
    const joined = open(answer, JoinedPayload);
    if (isSealed && joined?.connectionId === connectionId && joined.hubKey === this.#key.publicKey) return;
    throw new ProblemError("bad-signature", "What answered is not the broker that the invitation is from.");
  }

  /**
   * @param commandId the same for every try, and for whoever asks again later
   * @throws ProblemError `spoke-unreachable`, or the refusal of the spoke
   */
  async command(
    spoke: Spoke,
    { action, commandId = randomUUID() }: { action: CommandAction; commandId?: string },
  ): Promise<RemoteExecution[]> {
    const untilMs = systemClock.monotonicMs() + this.#times.commandMs;
    const expiresAt = this.#clock.nowMs() + this.#times.commandMs;
    const correlationId = randomUUID();
    for (let waitMs = this.#times.waitMs; ; waitMs *= 2) {
      try {
        return await this.#tryOnce(spoke, { action, commandId, correlationId, expiresAt });
      } catch (error) {
        const code = error instanceof ProblemError ? error.problem.code : null;
        const mayPass = code === "spoke-unreachable" || (code !== null && isRetriable(code));
        if (!mayPass || systemClock.monotonicMs() + waitMs >= untilMs) throw error;
      }
      await sleep(waitMs);
    }
  }

  async #tryOnce(
    spoke: Spoke,
    command: { action: CommandAction; commandId: string; correlationId: string; expiresAt: number },
  ): Promise<RemoteExecution[]> {
    const { connectionId } = spoke;
    const nonce = randomBytes(16).toString("base64url");
    const issuedAt = this.#clock.nowMs();
    const payload = { type: "COMMAND", connectionId, ...command, nonce, issuedAt };
    const answer = await this.#post(spoke, routes.federationCommands, seal(payloadTypes.command, payload, this.#key));
    const result = open(answer, ResultPayload);
    const isOurs = result?.nonce === nonce && result.correlationId === command.correlationId;
    if (isSealedBy(answer, { type: payloadTypes.result, key: spoke.key }) && isOurs) return result.executions;
    throw new ProblemError("bad-signature", "The answer is not signed by the spoke, or answers something else.");
  }

  async #post({ url }: Spoke, path: string, envelope: Envelope): Promise<Envelope> {
    let status: number;
    let text: string;
    try {
      const response = await fetch(url.replace(/\/+$/, "") + path, {
        method: "POST",
        body: JSON.stringify(envelope),
        headers: { "content-type": "application/json" },
        signal: AbortSignal.timeout(this.#times.tryMs),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new ProblemError("spoke-unreachable", `The spoke at ${url} does not answer: ${messageOf(cause)}`);
    }
    const value = parseJson(text.slice(0, limits.messageBytesMax));
    const answer = status < 300 ? Envelope.safeParse(value) : undefined;
    if (answer?.success === true) return answer.data;
    const problem = Problem.safeParse(value);
    if (problem.success) throw new ProblemError(problem.data.code, problem.data.message);
    throw new ProblemError("spoke-refused", `What listens at ${url} is no spoke: it answered ${status}.`);
  }
}
