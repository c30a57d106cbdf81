import { gunzipSync } from "node:zlib";

import fc from "fast-check";
import { expect, test } from "vitest";

import { packColumns, unpackColumns } from "../page/packed-columns.ts";
import { runFixtures } from "../testing/run-fixtures.ts";
import { blockEvents, packHistory } from "./history-blocks.ts";

const bytesOf = (text: string) => gunzipSync(Buffer.from(text, "base64"));

test("every event comes out of a page as it went in", () => {
  const { history } = runFixtures.rapid();
  const { head, columns, blocks } = packHistory(history);
  const { at, type, source } = unpackColumns(bytesOf(columns), head.count);
  const lines = [...blocks].flatMap((block) => bytesOf(block).toString().split("\n"));
  const out = history.map((_, index) => ({
    at: Math.round(head.beganAt + (at[index] as number)),
    type: head.types[type[index] as number],
    source: head.sources[source[index] as number],
    line: lines[index],
  }));
  expect(out).toEqual(
    history.map(({ at, type, source, sequence, data }) => ({
      ...{ at: Math.round(at), type, source },
      line: `${sequence} ${JSON.stringify(data)}`,
    })),
  );
  expect(lines).toHaveLength(history.length);
});

test("a history of several blocks", () => {
  const [record] = runFixtures.passing().history;
  const history = Array.from({ length: 2 * blockEvents + 1 }, () => record as NonNullable<typeof record>);
  expect([...packHistory(history).blocks]).toHaveLength(3);
});

test("columns of any times, back and forth, to the microsecond", () => {
  const events = fc.array(
    fc.record({
      // A month, and what another process's clock was behind.
      at: fc.integer({ min: -1_000_000, max: 2_600_000_000_000 }).map((us) => us / 1000),
      type: fc.integer({ min: 0, max: 255 }),
      source: fc.integer({ min: 0, max: 65_535 }),
    }),
  );
  fc.assert(
    fc.property(events, (all) => {
      const columns = {
        at: Float64Array.from(all, ({ at }) => at),
        type: Uint8Array.from(all, ({ type }) => type),
        source: Uint16Array.from(all, ({ source }) => source),
      };
      expect(unpackColumns(packColumns(columns), all.length)).toEqual(columns);
    }),
  );
});
