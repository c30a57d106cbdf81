import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";

import { parseJson } from "./parse-json.ts";

property.prop([fc.jsonValue()])("gives what was written", (value) => {
  const text = JSON.stringify(value);
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

test("tells null from no JSON at all", () => {
  expect(parseJson("null")).toBeNull();
});

test.each(["", " ", "undefined", "{", '{"ok":true}}', "<html>", "'a'", "NaN", "\ufeff1"])("%j is none", (text) => {
  expect(parseJson(text)).toBeUndefined();
});
