/**
 * The same bytes in chunks of one size, the last one shorter. What zstd makes of a stream depends on the pieces in
 * which it comes, and those on the timing of reads.
 */
export async function* evenChunks(source: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let filled = 0;
  let chunk = new Uint8Array(bytes);
  for await (const piece of source) {
    for (let from = 0; from < piece.length; ) {
      const taken = Math.min(bytes - filled, piece.length - from);
      chunk.set(piece.subarray(from, from + taken), filled);
      filled += taken;
      from += taken;
      if (filled < bytes) continue;
      yield chunk;
      chunk = new Uint8Array(bytes);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
