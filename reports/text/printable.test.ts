import fc from "fast-check";
import { expect, test } from "vitest";

import { printable, printableRecord } from "./printable.ts";

test("a file name cannot write over the screen, forge a line or turn the text round", () => {
  expect(printable("a\x1b[2Jb")).toBe("a\\x1b[2Jb");
  expect(printable("a\nPASS")).toBe("a ↵ PASS");
  expect(printable("txt.\u202eexe")).toBe("txt.\\u{202e}exe");
  expect(printable("\ud800")).toBe("\ufffd");
});

test("whatever comes in, no control or format character and no line break goes out", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test("a record keeps its shape", () => {
  const record = { "k\t": ["a\r\nb", 1, null, true], inner: { text: "ok" } };
  expect(printableRecord(record)).toEqual({ "k ": ["a ↵ b", 1, null, true], inner: { text: "ok" } });
});
