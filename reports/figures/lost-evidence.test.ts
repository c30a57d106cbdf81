import { expect, test } from "vitest";

import { runFixtures } from "../testing/run-fixtures.ts";
import { missingRecords } from "./lost-evidence.ts";

const { history } = runFixtures.passing();

test("a whole history misses nothing, in whatever order its sources are interleaved", () => {
  expect(missingRecords(history)).toEqual([]);
  expect(missingRecords(history.toReversed())).toEqual([]);
});

test("a record taken out of the middle is missed", () => {
  const without = history.filter(({ actor, sequence }) => !(actor === "broker" && sequence === 5));
  expect(missingRecords(without)).toHaveLength(1);
  expect(missingRecords(without)[0]).toMatch(/that broker .* wrote, 1 record is missing\./);
});
