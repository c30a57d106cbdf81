import type { HistoryRecord } from "../../protocol/history.ts";
import type { Expectation } from "../../protocol/verdict.ts";
import { type PropertyName, propertyNames, watchProperties } from "./properties.ts";
import { checkers, crashedWord } from "./registry.ts";

/**
 * What every property came to over a whole history. One that had nothing to judge (nobody withdrew) asks for nothing to
 * have happened and is left out; one whose checker crashed, or that holds on half the evidence, is unknown.
 *
 * @param lostEvidence lines of the history that could not be read
 */
export function judgeProperties(
  history: readonly HistoryRecord[],
  lostEvidence: readonly string[],
  names: readonly PropertyName[] = propertyNames,
): Expectation[] {
  const watch = watchProperties(names);
  for (const record of history) watch.see(record);
  return watch.end().flatMap(({ checker, judgement }): Expectation[] => {
    if (judgement.result === "unknown" && !judgement.detail.startsWith(crashedWord)) return [];
    const expectation = { id: checker, title: checkers[checker].title, ...judgement };
    if (judgement.result !== "pass" || lostEvidence.length === 0) return [expectation];
    return [
      { ...expectation, result: "unknown", detail: `${judgement.detail}; but evidence was lost: ${lostEvidence[0]}` },
    ];
  });
}
