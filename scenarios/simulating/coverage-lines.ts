import { flow } from "../../reports/text/flow.ts";
import { faint, type Line, tinted } from "../../reports/text/line.ts";
import { wholeNumber } from "../../reports/text/duration.ts";
import type { CoverageCell, CoverageSummary } from "../simulator/coverage.ts";

/** The share of the cells that were reached, and in which states how many were not. */
export function coverageLines({ covered, possible, empty, surprising }: CoverageSummary, columns: number): Line[] {
  const share = `${wholeNumber(covered)} of ${wholeNumber(possible)} cells (${percent(covered / possible)})`;
  const groups = [...Map.groupBy(empty, groupOf)].map(([group, cells]) => [`${group} ${wholeNumber(cells.length)}`]);
  const layout = { width: columns, between: faint(" · "), indent: " ".repeat(10) };
  return [
    [tinted("Coverage".padEnd(10), "strong"), share],
    ...(groups.length === 0 ? [] : flow(["  empty   "], groups, layout)),
    ...surprising.map((cell): Line => [tinted("  reached though said to be impossible: ", "bad"), cellWords(cell)]),
  ];
}

/** `agent Paused: heartbeatAnswered while link is disturbed, killed over it`. */
export function cellWords({ actor, state, input, fault, crash }: CoverageCell): string {
  const amid = fault === "none" ? "" : ` under faults of ${fault === "several" ? "several kinds" : `the ${fault}`}`;
  return `${actor}${state === "" ? "" : ` ${state}`}: ${input}${amid}${crash ? ", killed over it" : ""}`;
}

export function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}

function groupOf({ actor, state, crash }: CoverageCell): string {
  return `${actor === "broker" ? "broker" : state}${crash ? ", killed" : ""}`;
}
