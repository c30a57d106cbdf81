import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { type Mark, marks } from "../../../foundation/sometimes.ts";
import { planFor } from "../../simulator/plan/profiles.ts";
import { simulate } from "../../simulator/simulate.ts";

/**
 * What Stryker judges each mutant by (`npm run mutate`): the quick profile's seeds, one after the other until one
 * fails, in a process of their own. Where none fails, the rare situations that the cores came to at least `hitsMin`
 * times without a mutant must all have come about with it: whoever never gets there any more is broken too. The first
 * run, without a mutant, writes them down.
 */
const seeds = 400;
const hitsMin = 5;
const reached = ".marks-reached.json";

const hits = new Map<Mark, number>();
for (let number = 0; number < seeds; number += 1) {
  const seed = `stryker-${number}`;
  const outcome = simulate(planFor({ seed, profile: "quick" }), { digest: false });
  if (outcome.failure !== null) stop(`${seed}: ${outcome.failure.story[0]}`);
  for (const mark of marks) if ((outcome.marks[mark] ?? 0) > 0) hits.set(mark, (hits.get(mark) ?? 0) + 1);
}
if (!existsSync(reached)) {
  writeFileSync(reached, JSON.stringify([...hits].filter(([, times]) => times >= hitsMin).map(([mark]) => mark)));
}
const expected = JSON.parse(readFileSync(reached, "utf8")) as Mark[];
const missed = expected.filter((mark) => !hits.has(mark));
if (missed.length > 0) stop(`never any more: ${missed.join("; ")}`);

function stop(why: string): never {
  console.error(why);
  process.exit(1);
}
