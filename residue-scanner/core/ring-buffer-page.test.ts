import { describe, expect, test } from "vitest";

import { readPage } from "./ring-buffer-page.ts";

const layout = { time: 0, commit: 8, data: 16, bytes: 4096 };

/** A piece of these words, whose first event is at 1000 ns. */
function piece(words: readonly number[], flags = 0n): Buffer {
  const page = Buffer.alloc(layout.bytes);
  page.writeBigUInt64LE(1000n, layout.time);
  page.writeBigUInt64LE(BigInt(words.length * 4) | flags, layout.commit);
  words.forEach((word, index) => page.writeUInt32LE(word >>> 0, layout.data + index * 4));
  return page;
}

const event = (type: number, delta: number): number => (type | (delta << 5)) >>> 0;

describe("a piece of the kernel's ring buffer", () => {
  test("short events say their length in the first word, long ones in the second", () => {
    const { events } = readPage(piece([event(2, 5), 1, 2, event(0, 7), 12, 3, 4]), layout);
    expect(events).toEqual([
      { atNs: 1005, offset: 20, bytes: 8 },
      { atNs: 1012, offset: 36, bytes: 8 },
    ]);
  });

  test("a discarded event is passed over with its time; nothing stands behind an empty one", () => {
    const { events } = readPage(piece([event(29, 3), 8, 0, event(1, 4), 9, event(29, 0), 9, event(1, 1), 9]), layout);
    expect(events).toEqual([{ atNs: 1007, offset: 32, bytes: 4 }]);
  });

  test("time goes on by more than a word holds, or is told anew", () => {
    const extended = readPage(piece([event(30, 5), 2, event(1, 1), 9]), layout);
    expect(extended.events[0]?.atNs).toBe(1000 + 5 + 2 * 2 ** 27 + 1);
    const absolute = readPage(piece([event(31, 5), 2, event(1, 1), 9]), layout);
    expect(absolute.events[0]?.atNs).toBe(5 + 2 * 2 ** 27 + 1);
  });

  test("lost events are counted where the kernel tells their number, and known where it does not", () => {
    const told = piece([event(1, 1), 9], 0xc000_0000n);
    told.writeBigUInt64LE(17n, layout.data + 8);
    expect(readPage(told, layout).missed).toBe(17);
    expect(readPage(piece([event(1, 1), 9], 0x8000_0000n), layout).missed).toBeNull();
    expect(readPage(piece([event(1, 1), 9]), layout).missed).toBe(0);
  });

  test("what goes beyond the end is refused", () => {
    expect(() => readPage(piece([event(5, 1), 9]), layout)).toThrow("goes beyond its piece");
    expect(() => readPage(piece([], 8000n), layout)).toThrow("not 4096");
  });
});
