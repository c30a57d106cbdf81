import { blockField, type Segment } from "./packed-tree.ts";

/** How a run of bytes is made smaller, and whole again. */
export interface Packing {
  pack(bytes: Uint8Array): Uint8Array;
  unpack(packed: Uint8Array): Uint8Array;
}

/** Small enough to be made whole for one directory, large enough to be worth the packing. */
const storedWords = 2 ** 15;

/** A segment's blocks, some at a time. */
export function runsOf({ words, used }: Segment): Segment[] {
  const runs: Segment[] = [];
  let start = 0;
  for (let at = 0; at < used; ) {
    at += words[at + blockField.words] as number;
    if (at - start < storedWords && at < used) continue;
    runs.push({ words: words.subarray(start, at), used: at - start });
    start = at;
  }
  return runs;
}

/**
 * Packs a run that is kept for long and seldom read: a reading of half a million entries takes a sixth of its room until
 * another one is compared with it. It is made whole for whoever asks for its words, who may keep them.
 */
export function storeRun({ words, used }: Segment, packing: Packing): Segment {
  const packed = packing.pack(new Uint8Array(words.buffer, words.byteOffset, used * 4));
  // What is kept of one directory keeps its whole run: all of them share that.
  let known: WeakRef<Int32Array> | null = null;
  return {
    used,
    get words() {
      const earlier = known?.deref();
      if (earlier !== undefined) return earlier;
      const bytes = packing.unpack(packed);
      // Whoever unpacks puts several into one buffer, at any place.
      const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
      const words = new Int32Array(whole.buffer, whole.byteOffset, whole.byteLength / 4);
      known = new WeakRef(words);
      return words;
    },
  };
}
