/**
 * Times, types and sources of all events, packed one column after the other, each number in as many bytes as it needs
 * (LEB128): neighbours are alike, so that little is left of them when they are compressed. Times are in microseconds
 * since the event before, which may be earlier (zigzag).
 */
export interface Columns {
  /** Ms since the run began. */
  readonly at: Float64Array;
  readonly type: Uint8Array;
  readonly source: Uint16Array;
}

export function packColumns({ at, type, source }: Columns): Uint8Array<ArrayBuffer> {
  const packed = new PackedNumbers();
  let before = 0;
  for (const ms of at) {
    const now = Math.round(ms * 1000);
    const delta = now - before;
    packed.put(delta < 0 ? -2 * delta - 1 : 2 * delta);
    before = now;
  }
  for (const place of type) packed.put(place);
  for (const place of source) packed.put(place);
  return packed.bytes();
}

export function unpackColumns(bytes: Uint8Array, count: number): Columns {
  const columns = { at: new Float64Array(count), type: new Uint8Array(count), source: new Uint16Array(count) };
  let place = 0;
  const next = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[place] as number;
      place += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  let now = 0;
  for (let index = 0; index < count; index += 1) {
    const folded = next();
    now += folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
    columns.at[index] = now / 1000;
  }
  for (let index = 0; index < count; index += 1) columns.type[index] = next();
  for (let index = 0; index < count; index += 1) columns.source[index] = next();
  return columns;
}

class PackedNumbers {
  #bytes = new Uint8Array(65_536);
  #length = 0;

  put(value: number): void {
    // A number that is exact takes no more than eight bytes of seven bits.
    if (this.#length + 8 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}
