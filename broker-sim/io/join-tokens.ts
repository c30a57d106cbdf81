import { createHash, randomBytes } from "node:crypto";

import * as z from "zod";

import { type CreatedJoinToken, JoinTokenView } from "../../protocol/join-tokens.ts";
import { brokerLimits } from "../core/broker-limits.ts";
import type { BrokerClock } from "./broker-clock.ts";
import { isSameSecret } from "./operator-token.ts";
import { ProblemError } from "./problems.ts";
import type { BrokerStore } from "./store.ts";

const settingName = "join-tokens";
const Kept = z.strictObject({ ...JoinTokenView.shape, digest: z.string() });
type Kept = z.infer<typeof Kept>;

/**
 * Who may join: whoever has the reusable token, if there is one, or one of those that are made for one agent and expire.
 * Of these the store holds digests alone. One is bound to the first key that comes with it, before that is let in: a crash
 * in between wastes a token at the most, and never lets two in.
 */
export class JoinTokens {
  readonly #store: BrokerStore;
  readonly #clock: BrokerClock;
  readonly #reusable: string | null;
  readonly #tokens: Map<string, Kept>;
  #written: Promise<void> = Promise.resolve();

  private constructor(parts: { store: BrokerStore; clock: BrokerClock; reusable: string | null; kept: Kept[] }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#reusable = parts.reusable;
    this.#tokens = new Map(parts.kept.map((token) => [token.digest, token]));
  }

  /** @param reusable the token that lets everybody in who has it; null for none */
  static async load(
    store: BrokerStore,
    { clock, reusable }: { clock: BrokerClock; reusable: string | null },
  ): Promise<JoinTokens> {
    const text = await store.readSetting(settingName);
    const kept = text === null ? [] : z.array(Kept).parse(JSON.parse(text));
    return new JoinTokens({ store, clock, reusable, kept });
  }

  /** @throws ProblemError `full` */
  async create({ expiresInMs }: { expiresInMs: number }): Promise<z.infer<typeof CreatedJoinToken>> {
    this.#forgetExpired();
    if (this.#tokens.size >= brokerLimits.joinTokensMax) {
      throw new ProblemError("full", `${brokerLimits.joinTokensMax} join tokens are waiting, which is the limit.`);
    }
    const joinToken = `join-${randomBytes(24).toString("base64url")}`;
    const createdAt = this.#clock.nowMs();
    const digest = digestOf(joinToken);
    const view = { tokenId: digest.slice(0, 12), createdAt, expiresAt: createdAt + expiresInMs, usedBy: null };
    this.#tokens.set(digest, { ...view, digest });
    await this.#write();
    return { ...view, joinToken };
  }

  list(): JoinTokenView[] {
    this.#forgetExpired();
    return Array.from(this.#tokens.values(), (token) => JoinTokenView.strip().parse(token));
  }

  /** @throws ProblemError `not-found` */
  async revoke(tokenId: string): Promise<void> {
    const token = [...this.#tokens.values()].find((one) => one.tokenId === tokenId);
    if (token === undefined) throw new ProblemError("not-found", `There is no join token ${tokenId}.`);
    this.#tokens.delete(token.digest);
    await this.#write();
  }

  /** Whether this agent, whose key is proved, may join with the token. When it resolves, nobody else can with it. */
  async admits(joinToken: string, agentId: string): Promise<boolean> {
    if (this.#reusable !== null && isSameSecret(joinToken, this.#reusable)) return true;
    const digest = digestOf(joinToken);
    const token = this.#tokens.get(digest);
    if (token === undefined || token.expiresAt <= this.#clock.nowMs()) return false;
    if (token.usedBy === null) {
      this.#tokens.set(digest, { ...token, usedBy: agentId });
      await this.#write();
      return true;
    }
    // An agent whose answer was lost asks again.
    return token.usedBy === agentId;
  }

  #forgetExpired(): void {
    const nowMs = this.#clock.nowMs();
    for (const { digest, expiresAt } of [...this.#tokens.values()]) if (expiresAt <= nowMs) this.#tokens.delete(digest);
  }

  /** Writes in the order of the changes; each write holds all of them until then. */
  async #write(): Promise<void> {
    const text = JSON.stringify([...this.#tokens.values()]);
    const mine = this.#written.then(async () => await this.#store.writeSetting(settingName, text));
    this.#written = mine.catch(() => undefined);
    await mine;
  }
}

/** 192 random bits need no salt. */
function digestOf(joinToken: string): string {
  return createHash("sha256").update(joinToken, "utf8").digest("hex");
}
