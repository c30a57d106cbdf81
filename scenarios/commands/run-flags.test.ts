import { resolve } from "node:path";

import { expect, test } from "vitest";

import { againCommand, type GivenFlags, reproduceCommand } from "./run-flags.ts";

const rootDefault = ".scenarios";
const bare: GivenFlags = { repeatEach: 1, retries: 0, output: rootDefault };
const x = { name: "x" };
const full: GivenFlags = {
  ...{ ...bare, stage: "host", slots: 2, jobs: 7, cycles: 500, store: "sqlite", policy: "ci", timeout: 90 },
  ...{ config: "my house.json", seed: "a seed", output: "some runs" },
};
const options =
  "--stage host --slots 2 --jobs 7 --cycles 500 --store sqlite --policy ci --timeout 90 --config 'my house.json'";

test("what is run again has all that made the run what it was, as words of a shell", () => {
  expect(reproduceCommand(x, full, "a seed-2")).toBe(`npx scenarios run x --seed 'a seed-2' ${options}`);
  const again = `npx scenarios run --last-failed --seed 'a seed' ${options} --output 'some runs'`;
  expect(againCommand(full, { rootDefault, files: [] })).toBe(again);
});

test("a scenario of the user's is named by its file", () => {
  const mine = { name: "mine", file: resolve("my scenarios/mine.ts") };
  expect(reproduceCommand(mine, bare, "s")).toBe("npx scenarios run 'my scenarios/mine.ts' --seed s");
  const again = againCommand({}, { rootDefault, files: ["mine.ts"] });
  expect(again).toBe("npx scenarios run all mine.ts --last-failed");
});

test("what was left out stays left out", () => {
  expect(reproduceCommand(x, bare, "s")).toBe("npx scenarios run x --seed s");
  expect(againCommand(bare, { rootDefault, files: [] })).toBe("npx scenarios run --last-failed");
});
