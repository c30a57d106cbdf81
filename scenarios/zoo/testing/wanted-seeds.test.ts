import { expect, test } from "vitest";

import { seedsMax } from "../hunt-mutant.ts";
import { wantedSeeds } from "./wanted-seeds.ts";

test("mutants are judged by as many seeds as a hunt may take, or as are asked for", () => {
  expect(wantedSeeds(undefined)).toBe(seedsMax);
  expect(wantedSeeds("30")).toBe(30);
});

test.each(["", "0", "-1", "1.5", "many", "1e3", "1000001"])("%j is refused as a number of seeds", (text) => {
  expect(() => wantedSeeds(text)).toThrow(/no number of seeds/);
});
