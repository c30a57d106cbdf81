import { expect, test } from "vitest";

import { testTitles } from "./test-titles.ts";

const paths = (source: string) => testTitles(source).map(({ path }) => path.join(" › "));

test("groups and tests are told with their groups' titles, in their order", () => {
  const source = `
    import { describe, it, test } from "vitest";
    test("alone (case 1)", async () => { await go("on"); });
    describe("a group (case 2)", () => {
      for (const one of many) describe("inner", () => { it('deep', () => {}); });
      test("second", { timeout: 5 }, () => {});
    });`;
  expect(paths(source)).toEqual([
    "alone (case 1)",
    "a group (case 2)",
    "a group (case 2) › inner",
    "a group (case 2) › inner › deep",
    "a group (case 2) › second",
  ]);
});

test("the ways to write a test in a table, as a property or under a condition are all known", () => {
  const source = `
    test.each([["case 9", 1]])("of a table (case 1)", () => {});
    test.each<[string, number]>([])("of a typed table", () => {});
    test.prop([fc.string()])("a property", () => {});
    test.skipIf(!able).for(rows)("now and then", () => {});
    describe.concurrent("at once", () => { test("one", () => {}); });`;
  expect(paths(source)).toEqual([
    "of a table (case 1)",
    "of a typed table",
    "a property",
    "now and then",
    "at once",
    "at once › one",
  ]);
});

test("of a title that is put together the fixed parts are told", () => {
  const source = "describe(`${name}: a freeze`, () => { test(`stops ${count} of them`, () => {}); });";
  expect(paths(source)).toEqual(["…: a freeze", "…: a freeze › stops … of them"]);
});

test("what never runs is not told: nothing under skip and todo, and no group without tests", () => {
  const source = `
    test.skip("not now (case 1)", () => {});
    test.todo("some day (case 2)");
    describe.skip("neither (case 3)", () => { test("in here", () => {}); });
    describe("empty (case 4)", () => { if (false) console.log("test"); });
    // test("in a comment (case 5)", () => {});
    const words = 'test("in a string (case 6)", () => {})';
    run("something else (case 7)", () => {});`;
  expect(paths(source)).toEqual([]);
});
