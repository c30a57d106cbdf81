import type { Choice } from "../kernel/choices.ts";
import type { Plan } from "../plan/plan.ts";
import { minimizeList } from "./minimize-list.ts";
import type { ShrinkSearch } from "./shrink-search.ts";
import { smallerNumbers } from "./smaller-numbers.ts";

/** Longer tapes are not searched for decisions to merge, which takes their length² in runs. */
const mergedChoicesMax = 24;

/** Tries the run in which every small decision is benign. */
export function benignTape(search: ShrinkSearch): void {
  const { plan } = search;
  if (plan.tape === "seeded" || plan.tape.length > 0) search.tries({ ...plan, tape: [] });
}

/** Writes down what the seed decides, so that it can be taken apart. The run stays the same. */
export function recordTape(search: ShrinkSearch): void {
  const { plan } = search;
  if (plan.tape !== "seeded" || search.exhausted) return;
  search.tries({ ...plan, tape: search.recordChoices() });
}

/** Makes decisions benign: those of a whole stream, those of one kind in a stream, chunks, single ones. */
export function fewerChoices(search: ShrinkSearch): void {
  for (const keyOf of [
    ({ stream }: Choice) => stream,
    ({ stream, kind }: Choice) => `${stream} ${kind}`,
    ({ stream, index }: Choice) => `${stream} ${index}`,
  ]) {
    const { plan } = search;
    if (plan.tape === "seeded" || plan.tape.length === 0) return;
    const groups = [...Map.groupBy(plan.tape, keyOf).values()];
    const holds = (kept: readonly (readonly Choice[])[]) => search.tries(withChoices(plan, kept.flat()));
    minimizeList(groups, { holds, gaveUp: () => search.exhausted });
  }
}

/** Makes what is left milder. */
export function smallerChoices(search: ShrinkSearch): void {
  if (search.plan.tape === "seeded") return;
  for (let index = 0; index < search.plan.tape.length && !search.exhausted; index += 1) {
    while (makesSmaller(search, index)) {
      // As long as a smaller value does it.
    }
  }
}

/**
 * Lets one decision do the work of two: where several small delays add up to a race, one longer delay decides it as
 * well.
 */
export function mergedChoices(search: ShrinkSearch): void {
  const { tape } = search.plan;
  if (tape === "seeded" || tape.length > mergedChoicesMax) return;
  while (mergesTwo(search)) {
    // Fewer by one each time.
  }
}

function mergesTwo(search: ShrinkSearch): boolean {
  const { plan } = search;
  const choices = plan.tape as readonly Choice[];
  for (const [leaving, { value }] of choices.entries()) {
    for (const [growing, choice] of choices.entries()) {
      if (leaving === growing || choice.value === choice.max) continue;
      const grown = { ...choice, value: Math.min(choice.max, choice.value + value) };
      const merged = choices.flatMap((one, place) => (place === leaving ? [] : [place === growing ? grown : one]));
      if (search.tries(withChoices(plan, merged))) return true;
    }
  }
  return false;
}

function makesSmaller(search: ShrinkSearch, index: number): boolean {
  const { plan } = search;
  if (plan.tape === "seeded") return false;
  const choices: readonly Choice[] = plan.tape;
  const { value } = choices[index] as Choice;
  return smallerNumbers(value, { min: 1 }).some((smaller) =>
    search.tries(
      withChoices(
        plan,
        choices.map((choice, place) => (place === index ? { ...choice, value: smaller } : choice)),
      ),
    ),
  );
}

function withChoices(plan: Plan, choices: readonly Choice[]): Plan {
  return { ...plan, tape: [...choices] };
}
