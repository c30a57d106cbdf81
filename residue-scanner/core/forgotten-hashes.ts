/** 2^22 of them take half a mebibyte: of 200,000 that were added, 1 in 400 others is taken for one of them. */
const bitsMin = 2 ** 22;
/** 16 MiB. With all that are smaller, they have room for some 12 million; what comes beyond fills these further. */
const bitsMax = 2 ** 27;
const bitsEach = 21;
const probes = 3;

interface Layer {
  readonly words: Int32Array;
  readonly bits: number;
  /** How many were added; what seemed to be in it already is not counted. */
  count: number;
}

/**
 * Hashes that were let go of, as a Bloom filter: what was added is always known, and hardly anything else. Where one is
 * full, another of twice its size takes what comes later: 1 in 60 others is taken for one of 12 million.
 */
export class ForgottenHashes {
  /** The latest last; only where something was let go of at all. */
  private readonly layers: Layer[] = [];

  /** @param hash of 32 bits */
  add(hash: number): void {
    if (this.mayHave(hash)) return;
    const { words, bits } = this.layerWithRoom();
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = bitOf(hash, probe, bits);
      words[bit >>> 5] = (words[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  /** Whether it was added; false is certain. */
  mayHave(hash: number): boolean {
    return this.layers.some((layer) => isIn(layer, hash));
  }

  private layerWithRoom(): Layer {
    let last = this.layers.at(-1);
    if (last === undefined || (last.count >= last.bits / bitsEach && last.bits < bitsMax)) {
      const bits = last === undefined ? bitsMin : last.bits * 2;
      last = { words: new Int32Array(bits / 32), bits, count: 0 };
      this.layers.push(last);
    }
    last.count += 1;
    return last;
  }
}

function isIn({ words, bits }: Layer, hash: number): boolean {
  for (let probe = 0; probe < probes; probe += 1) {
    const bit = bitOf(hash, probe, bits);
    if (((words[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
  }
  return true;
}

/** Odd numbers, far from each other: what falls together in one probe does not in the next. */
const factors = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35];

function bitOf(hash: number, probe: number, bits: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), factors[probe] as number);
  return (mixed ^ (mixed >>> 15)) & (bits - 1);
}
