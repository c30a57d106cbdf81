import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";

import { type NameBytes, NameTable, noRow } from "./name-table.ts";

function bytesOf(directory: number, name: string): NameBytes {
  const bytes = Buffer.from(`/${name}/`, "latin1");
  return { directory, bytes, start: 1, end: bytes.length - 1 };
}

const names = fc.constantFrom("", "a", "b", "ab", "\xff\n", "x".repeat(15), "x".repeat(16), "x".repeat(255));
const steps = fc.array(
  fc.record({
    directory: fc.integer({ min: 0, max: 2 }),
    name: fc.oneof(names, fc.nat(3000).map(String)),
    act: fc.constantFrom("set", "set", "set", "remove"),
    value: fc.nat(),
  }),
  { maxLength: 200 },
);

describe("the table of names", () => {
  test.prop([steps])("holds what a map holds", (steps) => {
    const table = new NameTable();
    const map = new Map<string, number>();
    for (const { directory, name, act, value } of steps) {
      const key = `${directory}/${name}`;
      const row = table.find(bytesOf(directory, name));
      expect(row === noRow ? undefined : table.valueOf(row)).toBe(map.get(key));
      if (act === "remove") {
        if (row !== noRow) table.remove(row);
        map.delete(key);
      } else {
        if (row === noRow) table.insert(bytesOf(directory, name), value);
        else table.setValue(row, value);
        map.set(key, value);
      }
    }
  });

  test("grows with its names, and keeps them apart", () => {
    const table = new NameTable();
    for (let index = 0; index < 20_000; index += 1) table.insert(bytesOf(index % 5, `file-${index}`), index);
    for (let index = 0; index < 20_000; index += 3) table.remove(table.find(bytesOf(index % 5, `file-${index}`)));
    for (let index = 0; index < 20_000; index += 1) {
      const row = table.find(bytesOf(index % 5, `file-${index}`));
      if (index % 3 === 0) expect(row).toBe(noRow);
      else expect(table.valueOf(row)).toBe(index);
    }
  });
});
