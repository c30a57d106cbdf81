import { once } from "node:events";
import { Worker } from "node:worker_threads";

import { expect, test } from "vitest";

import { readBaseline } from "./baseline.ts";
import { invariants } from "./mutant.ts";
import { readMutants } from "./read-mutants.ts";

test("every mutant fits the sources: what it replaces occurs exactly once, and what comes of it still loads", async () => {
  const worker = new Worker(new URL("load-worker.ts", import.meta.url));
  const [troubles] = await once(worker, "message");
  await worker.terminate();
  expect(troubles).toEqual([]);
});

test("every mutant says what it breaks and how such a bug comes about", async () => {
  for (const { name, breaks, why } of await readMutants()) {
    expect(invariants, name).toContain(breaks);
    expect(why, name).toMatch(/^[A-Z].{20,}\.$/);
  }
});

test("the baseline knows every mutant and no other", async () => {
  const names = (await readMutants()).map(({ name }) => name);
  expect(Object.keys(readBaseline())).toEqual(names);
});

test("a mutant that nobody knows is refused by its name", async () => {
  await expect(readMutants(["no-such-mutant"])).rejects.toThrow('There is no mutant "no-such-mutant".');
});
