import type { ResidueReport } from "../../protocol/residue-report.ts";
import { type CorpusItem, type CorpusSection } from "./item.ts";
import { cleanUp } from "./clean-up.ts";
import { Field } from "./field.ts";
import { claimed, judge, type Judgement, type Outcome } from "./judge.ts";
import { leftBehind } from "./left-behind.ts";
import { play } from "./play.ts";
import type { CorpusResult, SectionResult } from "./table.ts";
import { takeSnapshot } from "../take-snapshot.ts";
import { drawVariables, type Variables } from "./variables.ts";

export interface RoundOptions {
  readonly plants: readonly CorpusSection[];
  readonly background: readonly CorpusSection[];
  /** More parameters for `residue run`. */
  readonly parameters?: readonly string[];
  readonly variables?: Variables;
  readonly signal?: AbortSignal | undefined;
}

export interface RoundResult extends CorpusResult {
  readonly durationMs: number;
  readonly report: ResidueReport;
  readonly variables: Variables;
  /** What could not be undone, and what is there although it was, in words. */
  readonly left: readonly string[];
}

/**
 * One round: what must be there is made, a job plants while others are at work, the host is read, every item is looked
 * up in the report, and all is undone, whatever happened.
 *
 * @throws an error where there is no report; `cleanUp` has then run all the same
 */
export async function playRound(options: RoundOptions): Promise<RoundResult> {
  const plants = options.plants.flatMap(({ items }) => items);
  const background = options.background.flatMap(({ items }) => items);
  const variables = options.variables ?? drawVariables();
  let left: string[] = [];
  let result: Omit<RoundResult, "left">;
  const untouched = await takeSnapshot();
  const field = Field.create([...background, ...plants], variables);
  try {
    const prepared = new Map([...background, ...plants].map((item) => [item.name, field.prepare(item)]));
    const ready = ({ name }: CorpusItem) => prepared.get(name)?.status === "done";
    const played = await play(field, {
      plants: plants.filter(ready),
      background: background.filter(ready),
      parameters: options.parameters ?? [],
      signal: options.signal,
    });
    const outcomeOf = ({ name }: CorpusItem): Outcome =>
      played.outcomes.get(name) ?? prepared.get(name) ?? { status: "broken", reason: "it was not done" };
    const judged = (item: CorpusItem): Judgement =>
      judge(item, { report: played.report, variables, outcome: outcomeOf(item) });
    const judgeAll = ({ surface, items }: CorpusSection): SectionResult => ({ surface, judgements: items.map(judged) });
    result = {
      plants: options.plants.map(judgeAll),
      background: options.background.map(judgeAll),
      others: othersIn(played.report, [...plants, ...background], variables),
      durationMs: played.durationMs,
      report: played.report,
      variables,
    };
  } finally {
    left = await cleanUp(field.directory);
  }
  if (left.length === 0) left = await leftBehind(untouched, [...plants, ...background], variables);
  return { ...result, left };
}

/** Somebody else is at work on this host, or the corpus knows too little of what its items do. */
function othersIn(report: ResidueReport, items: readonly CorpusItem[], variables: Variables): string[] {
  const own = new Set(claimed(report.findings, items, variables));
  return report.findings.filter((one) => !own.has(one)).map(({ id, attribution }) => `${id} (${attribution.to})`);
}
