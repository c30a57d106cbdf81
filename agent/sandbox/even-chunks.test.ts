import { expect, test } from "vitest";

import { evenChunks } from "./even-chunks.ts";

async function chunksOf(pieces: readonly number[]): Promise<{ sizes: number[]; bytes: number[] }> {
  let next = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const size of pieces) yield Uint8Array.from({ length: size }, () => next++ % 251);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of evenChunks(source(), 10)) chunks.push(chunk);
  return { sizes: chunks.map(({ length }) => length), bytes: chunks.flatMap((chunk) => [...chunk]) };
}

test("whatever the pieces, the chunks are the same, and no byte is lost", async () => {
  const whole = await chunksOf([37]);
  expect(whole.sizes).toEqual([10, 10, 10, 7]);
  for (const pieces of [
    [1, 36],
    [10, 10, 10, 7],
    [9, 2, 0, 26],
    [30, 7],
  ]) {
    expect(await chunksOf(pieces)).toEqual(whole);
  }
  expect((await chunksOf([])).sizes).toEqual([]);
  expect((await chunksOf([20])).sizes).toEqual([10, 10]);
});
