/** 2^22 of them take half a mebibyte: of 200,000 that were added, 1 in 400 others is taken for one of them. */
const bits = 2 ** 22;
const probes = 3;

/** Hashes that were let go of, as a Bloom filter: what was added is always known, and hardly anything else. */
export class ForgottenHashes {
  /** Only where something was let go of at all. */
  private words: Int32Array | null = null;

  /** @param hash of 32 bits */
  add(hash: number): void {
    this.words ??= new Int32Array(bits / 32);
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = bitOf(hash, probe);
      this.words[bit >>> 5] = (this.words[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  /** Whether it was added; false is certain. */
  mayHave(hash: number): boolean {
    if (this.words === null) return false;
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = bitOf(hash, probe);
      if (((this.words[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

/** Odd numbers, far from each other: what falls together in one probe does not in the next. */
const factors = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35];

function bitOf(hash: number, probe: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), factors[probe] as number);
  return (mixed ^ (mixed >>> 15)) & (bits - 1);
}
