import { gzipSync } from "node:zlib";

import { assert } from "../../foundation/assert.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import { historyBegin } from "../figures/history-span.ts";
import type { HistoryHead } from "../page/page-data.ts";
import { type Columns, packColumns } from "../page/packed-columns.ts";

/** Large enough to compress well, small enough to be unpacked within a frame. */
export const blockEvents = 2_000;
/** A page's columns name types with one byte and sources with two. */
const typesMax = 256;
const sourcesMax = 65_536;

/** A history as a page holds it: base64 of gzip throughout. */
export interface PackedHistory {
  readonly head: HistoryHead;
  readonly columns: string;
  /** Each a line an event: its number within its source, a space, and its data as JSON. Made when they are asked for. */
  readonly blocks: Iterable<string>;
}

export function packHistory(history: readonly HistoryRecord[]): PackedHistory {
  const beganAt = historyBegin(history);
  const types = new Map<string, number>();
  const sources = new Map<string, number>();
  const columns: Columns = {
    at: Float64Array.from(history, ({ at }) => at - beganAt),
    type: Uint8Array.from(history, ({ type }) => placeOf(types, type)),
    source: Uint16Array.from(history, ({ source }) => placeOf(sources, source)),
  };
  assert(types.size <= typesMax, "the types fit into their column");
  assert(sources.size <= sourcesMax, "the sources fit into their column");
  return {
    head: {
      ...{ count: history.length, blockEvents, beganAt },
      ...{ types: [...types.keys()], sources: [...sources.keys()] },
    },
    columns: packed(packColumns(columns)),
    blocks: blocksOf(history),
  };
}

/** For an element of a page: base64 holds nothing that ends one. */
export function packed(bytes: Uint8Array | string): string {
  return gzipSync(bytes).toString("base64");
}

function* blocksOf(history: readonly HistoryRecord[]): Generator<string> {
  for (let from = 0; from < history.length; from += blockEvents) {
    const block = history.slice(from, from + blockEvents);
    yield packed(block.map(({ sequence, data }) => `${sequence} ${JSON.stringify(data)}`).join("\n"));
  }
}

function placeOf(places: Map<string, number>, name: string): number {
  const known = places.get(name);
  if (known !== undefined) return known;
  places.set(name, places.size);
  return places.size - 1;
}
