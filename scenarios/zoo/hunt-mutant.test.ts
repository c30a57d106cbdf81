import { expect, test } from "vitest";

import type { Failure } from "../simulator/outcome.ts";
import { planFor } from "../simulator/plan/profiles.ts";
import { huntMutant, huntMutantAgain, seedsMax } from "./hunt-mutant.ts";
import { HuntThread } from "./hunt-thread.ts";
import type { FailingSeed } from "./hunt-worker.ts";
import type { Mutant } from "./mutant.ts";
import { readMutants } from "./read-mutants.ts";

const failure: Failure = { invariant: "fencing", kind: "safety", atMs: 1, story: ["It is broken."] };
const mutant: Mutant = {
  name: "example",
  breaks: "I2",
  why: "It is an example of a hunt.",
  patches: [{ file: "a.ts", find: "a", replace: "b" }],
};

/** Threads in which these seeds fail. */
function threadsWhere({ mutated, clean }: { mutated: readonly number[]; clean: readonly number[] }) {
  const seedOf = (number: number): FailingSeed => {
    return { number, failure, plan: planFor({ seed: `zoo-a-${number}`, profile: "quick" }) };
  };
  return {
    base: "zoo-a",
    mutated: {
      firstFailing: ({ from, to }: { from: number; to: number }) => {
        const number = mutated.find((number) => number >= from && number < to);
        return Promise.resolve(number === undefined ? null : seedOf(number));
      },
    },
    clean: {
      failureOf: ({ seed }: { seed: string }) =>
        Promise.resolve(clean.some((number) => seed === `zoo-a-${number}`) ? failure : null),
    },
  };
}

test("a mutant is found by the first seed that fails with it and not without it", async () => {
  const hunt = await huntMutant(mutant, threadsWhere({ mutated: [3, 4, 9], clean: [3, 4] }));
  expect(hunt).toMatchObject({ seeds: 10, found: { number: 9 }, skipped: 2 });
});

test("a mutant that only fails where the sources fail too is not found", async () => {
  const hunt = await huntMutant(mutant, threadsWhere({ mutated: [3, seedsMax - 1], clean: [3, seedsMax - 1] }));
  expect(hunt).toMatchObject({ seeds: null, found: null, skipped: 2 });
});

test("a seed that showed a mutant before is the only one that is run while it still does", async () => {
  const hunt = await huntMutantAgain(mutant, { ...threadsWhere({ mutated: [3, 9], clean: [] }), number: 9 });
  expect(hunt).toMatchObject({ seeds: 10, found: { number: 9 }, skipped: 0 });
});

test.each([
  ["shows the mutant no more", { mutated: [3], clean: [] }],
  ["fails without the mutant too", { mutated: [3, 9], clean: [9] }],
])("a mutant is hunted from the first seed where that which showed it before %s", async (_title, fails) => {
  const hunt = await huntMutantAgain(mutant, { ...threadsWhere(fails), number: 9 });
  expect(hunt).toMatchObject({ seeds: 4, found: { number: 3 } });
});

test("a real mutant is found, and shrinks to what shows it", async () => {
  const [real] = await readMutants(["key-not-revoked"]);
  if (real === undefined) throw new Error("What was read is there.");
  const [mutated, clean] = [new HuntThread(real), new HuntThread(null)];
  try {
    const { found } = await huntMutant(real, { base: "zoo-a", mutated, clean });
    if (found === null) throw new Error("The mutant was not found.");
    const { plan, failure } = await mutated.shrink({ ...found, forMsMax: 20_000 });
    expect(failure?.invariant).toBe(found.failure.invariant);
    expect(plan.steps.map((step) => step.do)).toEqual(["withdraw"]);
    expect(await clean.failureOf(plan)).toBeNull();
  } finally {
    await Promise.all([mutated.close(), clean.close()]);
  }
});

test("a mutant that does not fit is told by whoever asks", async () => {
  const misfit: Mutant = { ...mutant, patches: [{ file: "agent/core/freeze.ts", find: "no such text", replace: "" }] };
  const thread = new HuntThread(misfit);
  await expect(thread.firstFailing({ profile: "quick", base: "zoo-a", from: 0, to: 1 })).rejects.toThrow(
    "The mutant example does not fit agent/core/freeze.ts any more",
  );
  await thread.close();
});
