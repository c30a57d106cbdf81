import type { HistoryActor, HistoryData, HistoryRecord, HistoryType } from "../../protocol/history.ts";

/** 2026-01-31T10:15:00.000Z. */
export const beganAt = 1_769_854_500_000;
export const agentSource = "3f0c9a52-5a54-4c62-9a4e-0f2a8f6f0b11";
export const agentId = "a".repeat(64);

const sources: Record<HistoryActor, string> = {
  harness: "20260131T101500-withdraw-under-load",
  agent: agentSource,
  broker: "broker-4711",
};

/** Writes a history by hand: each source's records are numbered, times are in ms since the run began. */
export class HistoryBuilder {
  readonly records: HistoryRecord[] = [];
  readonly #sequences = new Map<string, number>();
  #at = 0;

  /** Lets so many ms pass. */
  wait(ms: number): this {
    this.#at += ms;
    return this;
  }

  get elapsedMs(): number {
    return this.#at;
  }

  harness<T extends HistoryType>(type: T, data: HistoryData<T>): this {
    return this.add("harness", sources.harness, type, data);
  }

  agent<T extends HistoryType>(type: T, data: HistoryData<T>, source = sources.agent): this {
    return this.add("agent", source, type, data);
  }

  broker<T extends HistoryType>(type: T, data: HistoryData<T>): this {
    return this.add("broker", sources.broker, type, data);
  }

  add<T extends HistoryType>(actor: HistoryActor, source: string, type: T, data: HistoryData<T>): this {
    const sequence = this.#sequences.get(source) ?? 0;
    this.#sequences.set(source, sequence + 1);
    this.records.push({ at: beganAt + this.#at, actor, source, sequence, type, data } as HistoryRecord);
    return this;
  }

  /** As the file holds it. */
  text(): string {
    return this.records.map((record) => `${JSON.stringify(record)}\n`).join("");
  }
}
