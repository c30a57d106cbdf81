import type { Toxic, ToxicCount, ToxicDirection } from "./toxic.ts";

type Way = Exclude<ToxicDirection, "both">;

/** A toxic in force on one line, and what it did. */
export class ActiveToxic {
  readonly toxic: Toxic;
  readonly direction: ToxicDirection;
  /** Bytes that went by since it began, in its direction. */
  passedBytes = 0;
  readonly #connections = new Set<object>();
  #pieces = 0;
  #bytes = 0;
  #delayMs = 0;

  constructor(toxic: Toxic, direction: ToxicDirection) {
    this.toxic = toxic;
    this.direction = direction;
  }

  concerns(way: Way): boolean {
    return this.direction === "both" || this.direction === way;
  }

  /** It did something to a connection. */
  hit(connection: object, { bytes = 0, delayMs = 0 }: { bytes?: number; delayMs?: number } = {}): void {
    this.#connections.add(connection);
    if (bytes === 0) return;
    this.#pieces += 1;
    this.#bytes += bytes;
    this.#delayMs += delayMs;
  }

  get count(): ToxicCount {
    const { size: connections } = this.#connections;
    return { connections, pieces: this.#pieces, bytes: this.#bytes, delayMs: this.#delayMs };
  }
}
