import { type BrokerClock, systemBrokerClock } from "../io/broker-clock.ts";

/** A clock that a test moves by hand. */
export class ManualClock implements BrokerClock {
  #nowMs: number;
  readonly #alarms = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  constructor(nowMs = Date.now()) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wakeAt(atMs: number, callback: () => void): () => void {
    const alarm = { atMs, callback };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  /** Lets time go by; every alarm on the way rings at its own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#alarms].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#alarms.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    this.#nowMs = endMs;
  }
}

/** In its place the machine's, which nobody moves: for real agents, whose own clocks run. */
export class RunningClock extends ManualClock {
  override nowMs(): number {
    return systemBrokerClock.nowMs();
  }

  override monotonicMs(): number {
    return systemBrokerClock.monotonicMs();
  }

  override wakeAt(atMs: number, callback: () => void): () => void {
    return systemBrokerClock.wakeAt(atMs, callback);
  }

  override advance(): never {
    throw new Error("the machine's clock cannot be moved");
  }
}
