import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { expect } from "vitest";

import { markdownCode, markdownText } from "./escape.ts";

test.prop([fc.string({ unit: "binary" })])("whatever a job chose as a name is one line without markup", (name) => {
  const text = markdownText(name);
  expect(text).not.toMatch(/[\n\r<>]/);
  expect(text).not.toMatch(/@(?!\u{200b})/u);
  // Every character that means something stands behind a backslash.
  expect(text.replaceAll(/\\[\\`*_{}[\]()#+!|~$]/g, "")).not.toMatch(/[\\`*_{}[\]()#+!|~$]/);
});

test.prop([fc.string({ unit: fc.constantFrom("`", "a", "|", "\n") })])("code holds its backquotes", (name) => {
  const code = markdownCode(name);
  const [fence = ""] = /^`+/.exec(code) ?? [];
  const inner = code.slice(fence.length, -fence.length);
  expect(code.endsWith(fence)).toBe(true);
  expect(inner.split(/[^`]+/)).not.toContain(fence);
  expect(inner.replaceAll("\\|", "")).not.toContain("|");
  expect(code).not.toContain("\n");
});
