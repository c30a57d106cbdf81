import { stripVTControlCharacters } from "node:util";

import fc from "fast-check";
import { expect, test } from "vitest";

import { type Line, renderLine, tinted } from "./line.ts";
import { visibleWidth } from "./width.ts";

test("colour is only added where it is wanted", () => {
  const line: Line = ["  ", tinted("✓", "good"), " held"];
  expect(renderLine(line, { columns: 80, color: false })).toBe("  ✓ held");
  expect(renderLine(line, { columns: 80, color: true })).toBe("  \x1b[32m✓\x1b[39m held");
});

test("a line that does not fit is cut at the width, and colour changes nothing about that", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.string().map((text) => tinted(text, "bad")),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.integer({ min: 1, max: 30 }), (line, columns) => {
      const plain = renderLine(line, { columns, color: false });
      expect(visibleWidth(plain)).toBeLessThanOrEqual(columns);
      const colored = stripVTControlCharacters(renderLine(line, { columns, color: true }));
      expect(colored.trimEnd()).toBe(plain);
    }),
  );
});

test("a cut is marked, also where the next piece would begin", () => {
  expect(renderLine(["abc", "def"], { columns: 4, color: false })).toBe("abc…");
  expect(renderLine(["abc", "def"], { columns: 3, color: false })).toBe("ab…");
  expect(renderLine(["abc", "  "], { columns: 3, color: false })).toBe("abc");
});

test("a command is there to be copied and is never cut", () => {
  const command = "npx scenarios run withdraw-under-load --seed 7e1d0c";
  expect(renderLine(["reproduce  ", tinted(command, "command")], { columns: 20, color: false })).toContain(command);
});
