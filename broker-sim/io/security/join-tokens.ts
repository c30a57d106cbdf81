import { createHash, randomBytes } from "node:crypto";

import * as z from "zod";

import { type CreatedJoinToken, JoinTokenView } from "../../../protocol/join-tokens.ts";
import { brokerLimits } from "../../core/broker-limits.ts";
import type { BrokerClock } from "../broker-clock.ts";
import { isSameSecret } from "./operator-token.ts";
import { ProblemError } from "../problems.ts";
import type { BrokerStore } from "../stores/store.ts";
import { readStoredSetting } from "../stores/stored-records.ts";
import { assertWritable, inStoreTime } from "../stores/store-wait.ts";
import { Turns } from "../turns.ts";

const settingName = "join-tokens";
const Kept = z.strictObject({ ...JoinTokenView.shape, digest: z.string() });
type Kept = z.infer<typeof Kept>;

/**
 * Who may join: whoever has the reusable token, if there is one, or one of those that are made for one agent and expire.
 * Of these the store holds digests alone. One is bound to the first key that comes with it, before that is let in: a crash
 * in between wastes a token at the most, and never lets two in. Nothing counts before it is written; every call waits for
 * those before it, and throws the ProblemError `store-away` when that takes too long.
 */
export class JoinTokens {
  readonly #store: BrokerStore;
  readonly #clock: BrokerClock;
  readonly #reusable: string | null;
  /** As they are written. */
  #tokens: ReadonlyMap<string, Kept>;
  readonly #turns = new Turns();

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
    const kept = await readStoredSetting(store, settingName, (text) => z.array(Kept).parse(JSON.parse(text)));
    return new JoinTokens({ store, clock, reusable, kept: kept ?? [] });
  }

  /** @throws ProblemError `full` */
  async create({ expiresInMs }: { expiresInMs: number }): Promise<z.infer<typeof CreatedJoinToken>> {
    return await this.#change(async () => {
      const tokens = this.#unexpired();
      if (tokens.size >= brokerLimits.joinTokensMax) {
        throw new ProblemError("full", `${brokerLimits.joinTokensMax} join tokens are waiting, which is the limit.`);
      }
      const joinToken = `join-${randomBytes(24).toString("base64url")}`;
      const createdAt = this.#clock.nowMs();
      const digest = digestOf(joinToken);
      const view = { tokenId: digest.slice(0, 12), createdAt, expiresAt: createdAt + expiresInMs, usedBy: null };
      await this.#write(tokens.set(digest, { ...view, digest }));
      return { ...view, joinToken };
    });
  }

  async list(): Promise<JoinTokenView[]> {
    return await this.#inTurn(async () =>
      Array.from(this.#unexpired().values(), (token) => JoinTokenView.strip().parse(token)),
    );
  }

  /** @throws ProblemError `not-found` */
  async revoke(tokenId: string): Promise<void> {
    await this.#change(async () => {
      const tokens = this.#unexpired();
      const token = [...tokens.values()].find((one) => one.tokenId === tokenId);
      if (token === undefined) throw new ProblemError("not-found", `There is no join token ${tokenId}.`);
      tokens.delete(token.digest);
      await this.#write(tokens);
    });
  }

  /** Whether this agent, whose key is proved, may join with the token. When it resolves, nobody else can with it. */
  async admits(joinToken: string, agentId: string): Promise<boolean> {
    if (this.#reusable !== null && isSameSecret(joinToken, this.#reusable)) return true;
    return await this.#change(async () => {
      const digest = digestOf(joinToken);
      const tokens = this.#unexpired();
      const token = tokens.get(digest);
      if (token === undefined) return false;
      // An agent whose answer was lost asks again.
      if (token.usedBy !== null) return token.usedBy === agentId;
      await this.#write(tokens.set(digest, { ...token, usedBy: agentId }));
      return true;
    });
  }

  #unexpired(): Map<string, Kept> {
    const nowMs = this.#clock.nowMs();
    return new Map([...this.#tokens].filter(([, { expiresAt }]) => expiresAt > nowMs));
  }

  async #change<T>(work: () => Promise<T>): Promise<T> {
    assertWritable(this.#store);
    return await this.#inTurn(work);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return await inStoreTime(this.#store, this.#turns.take("tokens", work));
  }

  async #write(tokens: ReadonlyMap<string, Kept>): Promise<void> {
    await this.#store.writeSetting(settingName, JSON.stringify([...tokens.values()]));
    this.#tokens = tokens;
  }
}

/** 192 random bits need no salt. */
function digestOf(joinToken: string): string {
  return createHash("sha256").update(joinToken, "utf8").digest("hex");
}
