import type { HistoryRecord } from "../../protocol/history.ts";

/**
 * A digest over a whole history, taken in record by record: 2 × 32 bits of FNV-1a with different starts. It tells two
 * histories apart; it is no protection against somebody who wants them to look alike.
 */
export class HistoryDigest {
  #low = 0x811c9dc5;
  #high = 0x01234567;

  see({ at, source, sequence, type, data }: HistoryRecord): void {
    this.#number(at);
    this.#text(source);
    this.#number(sequence);
    this.#text(type);
    this.#value(data);
  }

  /** 16 hexadecimal digits. */
  text(): string {
    const half = (bits: number): string => (bits >>> 0).toString(16).padStart(8, "0");
    return half(this.#high) + half(this.#low);
  }

  #value(value: unknown): void {
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "number") this.#number(value);
    else if (Array.isArray(value)) {
      this.#mix(value.length);
      for (const item of value) this.#value(item);
    } else if (typeof value === "object" && value !== null) {
      this.#fields(value as Record<string, unknown>);
    } else this.#mix(value === null ? 1 : value === true ? 2 : 3);
  }

  /** In whatever order they stand: a message that was parsed has its fields in its schema's order. */
  #fields(value: Record<string, unknown>): void {
    const low = this.#low;
    const high = this.#high;
    let sumLow = 0;
    let sumHigh = 0;
    for (const key in value) {
      const item = value[key];
      // A field that is absent and one that is undefined are the same on the wire.
      if (item === undefined) continue;
      this.#low = low;
      this.#high = high;
      this.#text(key);
      this.#value(item);
      sumLow = (sumLow + this.#low) | 0;
      sumHigh = (sumHigh + this.#high) | 0;
    }
    this.#low = low;
    this.#high = high;
    this.#mix(sumLow);
    this.#mix(sumHigh);
  }

  #text(text: string): void {
    this.#mix(text.length);
    // What `mix` does, without a look at the fields for every character: most of a history is text.
    let low = this.#low;
    let high = this.#high;
    // Two characters at a time; the one that may be left over stands alone.
    const pairs = text.length - (text.length & 1);
    for (let index = 0; index < pairs; index += 2) {
      const codes = text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16);
      low = Math.imul(low ^ codes, 0x01000193);
      high = Math.imul(high ^ codes ^ (low >>> 15), 0x01000193);
    }
    if (pairs < text.length) {
      const code = text.charCodeAt(pairs);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ code ^ (low >>> 15), 0x01000193);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Whole and fractional part: times have fractions of a millisecond. */
  #number(value: number): void {
    const whole = Math.floor(value);
    this.#mix(whole | 0);
    this.#mix(Math.floor(whole / 2 ** 32) | 0);
    this.#mix(((value - whole) * 2 ** 31) | 0);
  }

  #mix(bits: number): void {
    this.#low = Math.imul(this.#low ^ bits, 0x01000193);
    this.#high = Math.imul(this.#high ^ bits ^ (this.#low >>> 15), 0x01000193);
  }
}
