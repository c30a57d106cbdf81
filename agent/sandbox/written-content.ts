import { ftruncateSync, write } from "node:fs";
import { promisify } from "node:util";

import { present } from "../../foundation/assert.ts";
import { SparseMapReader } from "./sparse-map.ts";

/** Takes an archived content piece by piece and writes it to a new file. */
export interface WrittenContent {
  take(chunk: Uint8Array): Promise<void>;
  /** @throws Error when the content was not whole */
  end(): void;
}

const writeAsync = promisify(write);

export function denseContent(file: number): WrittenContent {
  let position = 0;
  return {
    async take(chunk) {
      await writeAt(file, chunk, position);
      position += chunk.length;
    },
    end: () => undefined,
  };
}

/** The map first, then the data of its extents one after the other; between them nothing is written. */
export function sparseContent(file: number, size: number): WrittenContent {
  const map = new SparseMapReader(size);
  let extent = 0;
  let written = 0;
  return {
    async take(chunk) {
      let rest = map.take(chunk);
      while (rest.length > 0) {
        const current = present(map.extents, "data come after the map")[extent];
        if (current === undefined) throw new Error("a sparse file has more data than its map says");
        const piece = rest.subarray(0, current.bytes - written);
        await writeAt(file, piece, current.offset + written);
        rest = rest.subarray(piece.length);
        written += piece.length;
        if (written < current.bytes) continue;
        extent += 1;
        written = 0;
      }
    },
    end() {
      if (map.extents === null || extent < map.extents.length) throw new Error("a sparse file lacks data");
      ftruncateSync(file, size);
    },
  };
}

async function writeAt(file: number, chunk: Uint8Array, position: number): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) {
    const { bytesWritten } = await writeAsync(file, chunk, offset, chunk.length - offset, position + offset);
    offset += bytesWritten;
  }
}
