import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { HistoryRecord } from "../../protocol/history.ts";
import { HistoryDigest } from "./history-digest.ts";

/** Data as records carry it, and a little worse; numbers are whole 64ths, as times are. */
const data = fc
  .dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 })
  .map((value) => JSON.parse(JSON.stringify(value), (_, item) => inSixtyFourths(item)) as Record<string, unknown>);

function digestOf(...records: readonly Partial<HistoryRecord>[]): string {
  const digest = new HistoryDigest();
  for (const record of records) {
    const whole = {
      at: 1_767_225_600_000.25,
      actor: "agent",
      source: "a",
      sequence: 0,
      type: "t",
      data: {},
      ...record,
    };
    digest.see(whole as unknown as HistoryRecord);
  }
  return digest.text();
}

const digestOfData = (value: unknown): string => digestOf({ data: value } as Partial<HistoryRecord>);

describe("the digest of a history", () => {
  test("is 16 hexadecimal digits, also of nothing", () => {
    expect(digestOf()).toMatch(/^[0-9a-f]{16}$/);
    fc.assert(fc.property(data, (value) => /^[0-9a-f]{16}$/.test(digestOfData(value))));
  });

  test("does not depend on the order of fields, nor on fields that are undefined", () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(digestOfData(reversed(value))).toBe(digestOfData(value));
        expect(digestOfData({ ...value, missing: undefined })).toBe(digestOfData(value));
      }),
    );
  });

  test("tells two data apart that are not the same JSON", () => {
    fc.assert(
      fc.property(data, data, (one, other) => {
        fc.pre(canonical(one) !== canonical(other));
        expect(digestOfData(one)).not.toBe(digestOfData(other));
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, unknown, unknown]>([
    ["where a text ends", ["ab", "c"], ["a", "bc"]],
    ["the order of a list", [1, 2], [2, 1]],
    ["where a list ends", [[1], 2], [[1, 2]]],
    ["what is within what", { a: { b: 1 } }, { a: {}, b: 1 }],
    ["whose value is whose", { a: 1, b: 2 }, { a: 2, b: 1 }],
    ["null, false and true", [null, false, true], [false, null, true]],
    ["a sign", -1, 1],
    ["a small fraction", 1_767_225_600_000, 1_767_225_600_000 + 1 / 64],
    ["2 ** 32 more", 1, 1 + 2 ** 32],
    ["an empty list and an empty object", [[]], [{}]],
  ])("heeds %s", (_, one, other) => {
    expect(digestOfData({ value: one })).not.toBe(digestOfData({ value: other }));
  });

  test.each<[string, Partial<HistoryRecord>]>([
    ["time", { at: 1_767_225_600_000.265625 }],
    ["source", { source: "b" }],
    ["sequence", { sequence: 1 }],
    ["type", { type: "u" } as unknown as Partial<HistoryRecord>],
  ])("heeds a record's %s", (_, change) => {
    expect(digestOf(change)).not.toBe(digestOf({}));
  });

  test("heeds each of more records and texts than it keeps at a time, and is the same each time", () => {
    const records = Array.from({ length: 5_000 }, (_, number) => ({ source: `source ${number}`, sequence: number }));
    const known = digestOf(...records);
    expect(digestOf(...records)).toBe(known);
    for (const changed of [0, 255, 256, 4_096, 4_999]) {
      const others = records.with(changed, { source: "another", sequence: changed });
      expect(digestOf(...others), `record ${changed}`).not.toBe(known);
    }
    const long = "x".repeat(200);
    expect(digestOf({ source: `${long}a` })).not.toBe(digestOf({ source: `${long}b` }));
    expect(digestOf({ source: `${long}a` })).toBe(digestOf({ source: `${long}a` }));
  });

  test("heeds the order of records, and how many there are", () => {
    const [one, other] = [{ source: "one" }, { source: "other" }];
    expect(digestOf(one, other)).not.toBe(digestOf(other, one));
    expect(digestOf(one, one)).not.toBe(digestOf(one));
  });
});

function inSixtyFourths(item: unknown): unknown {
  return typeof item === "number" ? Math.round(item % 1e9) / 64 : item;
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
