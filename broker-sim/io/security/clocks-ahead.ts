import * as z from "zod";

import type { BrokerClock } from "../broker-clock.ts";
import type { BrokerStore } from "../stores/store.ts";
import { readStoredSetting } from "../stores/stored-records.ts";
import { assertWritable, inStoreTime } from "../stores/store-wait.ts";
import { Turns } from "../turns.ts";

const settingName = "clocks-ahead";
/** Agent, how far ahead, and when that was seen last, by the broker's clock. */
const Kept = z.array(z.tuple([z.string(), z.int().positive(), z.number()]));

interface Seen {
  readonly agentId: string;
  readonly aheadS: number;
  readonly seenAtMs: number;
}

/**
 * How far ahead of this broker the clocks are of those whose signatures it takes. Nonces are forgotten with the process,
 * and the time of a signature says whether it was made before a start only by the agent's clock: from an agent that is
 * ahead, everything up to the time of the start and that much more may have been taken before.
 *
 * Kept rounded up by an eighth at the most, and renewed once in a window, so that it is seldom written; an agent whose
 * clock is not ahead needs none.
 */
export class ClocksAhead {
  readonly #store: BrokerStore;
  readonly #clock: BrokerClock;
  readonly #windowMs: number;
  /** By agent, as this start found them. */
  readonly #found = new Map<string, number>();
  /** What the next start will find. */
  #kept: ReadonlyMap<string, Seen>;
  /** What was seen since, and may not be kept yet. */
  readonly #seen = new Map<string, Seen>();
  readonly #turns = new Turns();

  private constructor(parts: { store: BrokerStore; clock: BrokerClock; windowMs: number; kept: readonly Seen[] }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#windowMs = parts.windowMs;
    this.#kept = new Map(parts.kept.map((one) => [keyOf(one), one]));
    for (const one of this.#kept.values()) {
      if (this.#isOver(one)) continue;
      this.#found.set(one.agentId, Math.max(one.aheadS, this.#found.get(one.agentId) ?? 0));
    }
  }

  static async load(
    store: BrokerStore,
    { clock, windowMs }: { clock: BrokerClock; windowMs: number },
  ): Promise<ClocksAhead> {
    const kept = await readStoredSetting(store, settingName, (text) => Kept.parse(JSON.parse(text)));
    const seen = (kept ?? []).map(([agentId, aheadS, seenAtMs]) => ({ agentId, aheadS, seenAtMs }));
    return new ClocksAhead({ store, clock, windowMs, kept: seen });
  }

  /** How many seconds beyond the time of this start an earlier one may have taken signatures of this agent. */
  foundS(agentId: string): number {
    return this.#found.get(agentId) ?? 0;
  }

  /**
   * A signature is being taken. When it resolves, the next start knows enough not to take it again.
   *
   * @param createdS seconds, by the agent's clock
   * @throws ProblemError `store-away`
   */
  async note(agentId: string, createdS: number): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const exactS = Math.ceil(createdS - nowMs / 1_000);
    if (exactS <= 0) return;
    const one = { agentId, aheadS: roundedUp(exactS), seenAtMs: nowMs };
    this.#seen.set(keyOf(one), one);
    if (this.#isKept(one)) return;
    assertWritable(this.#store);
    await inStoreTime(
      this.#store,
      this.#turns.take("write", async () => await this.#write(one)),
    );
  }

  async #write(one: Seen): Promise<void> {
    // The write before may have brought it along.
    if (this.#isKept(one)) return;
    const next = new Map([...this.#kept, ...this.#seen]);
    for (const [key, seen] of next) if (this.#isOver(seen)) next.delete(key);
    const rows = Array.from(next.values(), ({ agentId, aheadS, seenAtMs }) => [agentId, aheadS, seenAtMs]);
    await this.#store.writeSetting(settingName, JSON.stringify(rows));
    this.#kept = next;
    // Others were seen meanwhile.
    for (const [key, seen] of next) if (this.#seen.get(key) === seen) this.#seen.delete(key);
  }

  #isKept(one: Seen): boolean {
    const kept = this.#kept.get(keyOf(one));
    return kept !== undefined && Math.abs(one.seenAtMs - kept.seenAtMs) < this.#windowMs;
  }

  /** Whatever was signed so far ahead is too old by now; it may have been seen for a window without being kept anew. */
  #isOver({ aheadS, seenAtMs }: Seen): boolean {
    return seenAtMs + aheadS * 1_000 + 2 * this.#windowMs < this.#clock.nowMs();
  }
}

/** To four binary digits. */
function roundedUp(seconds: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(seconds)) - 3);
  return Math.ceil(seconds / step) * step;
}

function keyOf({ agentId, aheadS }: Seen): string {
  return `${agentId} ${aheadS}`;
}
