import type { HistoryRecord } from "../../protocol/history.ts";

/** So many texts are hashed once instead of each time; ids and names come again and again. */
const keptTextsMax = 4_096;
/** A longer text is a result or a reason, which seldom comes again. */
const keptLengthMax = 128;
const keptTexts = new Map<string, TextHash>();

/** So many records are taken in at once: a loop of its own is twice as fast as one step between all the others. */
const waitingMax = 256;

interface TextHash {
  readonly low: number;
  readonly high: number;
}

const noText: TextHash = hashOf("");

/**
 * What stood in a record of one type last, by the places of its fields. The next one of the type has the same fields, and
 * often the same texts in them: comparing costs less than looking them up. It is a guess that is looked at each time, so
 * no digest hangs on it.
 */
class Layout {
  readonly keys: string[] = [];
  readonly keyHashes: TextHash[] = [];
  readonly texts: string[] = [];
  readonly textHashes: TextHash[] = [];
  readonly inner: (Layout | null)[] = [];

  /** There is a field of that name at that place. */
  learn(place: number, key: string): void {
    this.keys[place] = key;
    this.keyHashes[place] = keptHashOf(key);
    this.texts[place] = "";
    this.textHashes[place] = noText;
    this.inner[place] = null;
  }
}

interface TypeLayout {
  readonly hash: TextHash;
  readonly data: Layout;
}

const layouts = new Map<string, TypeLayout>();

/**
 * A digest over a whole history, taken in record by record: 2 × 32 bits of FNV-1a with different starts. It tells two
 * histories apart; it is no protection against somebody who wants them to look alike.
 */
export class HistoryDigest {
  #low = 0x811c9dc5 | 0;
  #high = 0x01234567;
  readonly #waiting: HistoryRecord[] = [];
  /** Whose record came last, since several of one source come in a row. */
  #source = "";
  #sourceHash = noText;

  /** Takes it in now or a little later: nothing in a record changes once it was made. */
  see(record: HistoryRecord): void {
    this.#waiting.push(record);
    if (this.#waiting.length === waitingMax) this.#takeIn();
  }

  /** 16 hexadecimal digits. */
  text(): string {
    this.#takeIn();
    const half = (bits: number): string => (bits >>> 0).toString(16).padStart(8, "0");
    return half(this.#high) + half(this.#low);
  }

  #takeIn(): void {
    for (const { at, source, sequence, type, data } of this.#waiting) {
      this.#number(at);
      if (source !== this.#source) {
        this.#source = source;
        this.#sourceHash = keptHashOf(source);
      }
      this.#hash(this.#sourceHash);
      this.#number(sequence);
      const layout = layouts.get(type) ?? layoutOf(type);
      this.#hash(layout.hash);
      this.#fields(data, layout.data);
    }
    this.#waiting.length = 0;
  }

  /** @param layout of the object that it is in, and at which place there */
  #value(value: unknown, layout: Layout, place: number): void {
    if (typeof value === "string") {
      if (value !== layout.texts[place]) {
        layout.texts[place] = value;
        layout.textHashes[place] = keptHashOf(value);
      }
      this.#hash(layout.textHashes[place] as TextHash);
    } else if (typeof value === "number") this.#number(value);
    else if (typeof value === "object" && value !== null) {
      if (Array.isArray(value)) {
        this.#mix(value.length);
        for (const item of value) this.#value(item, layout, place);
      } else this.#fields(value, (layout.inner[place] ??= new Layout()));
    } else this.#mix(value === null ? 1 : value === true ? 2 : 3);
  }

  /** In whatever order they stand: a message that was parsed has its fields in its schema's order. */
  #fields(value: object, layout: Layout): void {
    const low = this.#low;
    const high = this.#high;
    let sumLow = 0;
    let sumHigh = 0;
    let place = 0;
    for (const key in value) {
      const item = (value as Record<string, unknown>)[key];
      // A field that is absent and one that is undefined are the same on the wire.
      if (item === undefined) continue;
      if (layout.keys[place] !== key) layout.learn(place, key);
      this.#low = low;
      this.#high = high;
      this.#hash(layout.keyHashes[place] as TextHash);
      this.#value(item, layout, place);
      sumLow = (sumLow + this.#low) | 0;
      sumHigh = (sumHigh + this.#high) | 0;
      place += 1;
    }
    this.#low = low;
    this.#high = high;
    this.#mix(sumLow);
    this.#mix(sumHigh);
  }

  #hash({ low, high }: TextHash): void {
    this.#low = Math.imul(this.#low ^ low, 0x01000193);
    this.#high = Math.imul(this.#high ^ high ^ (this.#low >>> 15), 0x01000193);
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

function layoutOf(type: string): TypeLayout {
  const layout = { hash: hashOf(type), data: new Layout() };
  layouts.set(type, layout);
  return layout;
}

function keptHashOf(text: string): TextHash {
  const known = keptTexts.get(text);
  if (known !== undefined) return known;
  const hash = hashOf(text);
  if (text.length > keptLengthMax) return hash;
  if (keptTexts.size >= keptTextsMax) keptTexts.clear();
  keptTexts.set(text, hash);
  return hash;
}

/** Of its length and its characters, two at a time; the one that may be left over stands alone. */
function hashOf(text: string): TextHash {
  let low = Math.imul(0x811c9dc5 ^ text.length, 0x01000193);
  let high = Math.imul(0x01234567 ^ text.length ^ (low >>> 15), 0x01000193);
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
  return { low, high };
}
