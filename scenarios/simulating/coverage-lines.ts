import { flow } from "../../reports/text/flow.ts";
import { faint, type Line, tinted } from "../../reports/text/line.ts";
import { counted, wholeNumber } from "../../reports/text/duration.ts";
import type { CoverageCell, CoverageSummary } from "../simulator/coverage.ts";

const surprisingShownMax = 3;

/** The share of the cells that were reached, and in which states how many were not. */
export function coverageLines({ covered, possible, empty, surprising }: CoverageSummary, columns: number): Line[] {
  const share = `${wholeNumber(covered)} of ${wholeNumber(possible)} cells (${percent(covered / possible)})`;
  const groups = [...Map.groupBy(empty, groupOf)].map(([group, cells]) => [`${group} ${wholeNumber(cells.length)}`]);
  const layout = { width: columns, between: faint(" · "), indent: " ".repeat(10) };
  return [
    [tinted("Coverage".padEnd(10), "strong"), share],
    ...(groups.length === 0 ? [] : flow(["  empty   "], groups, layout)),
    ...surprisingLines(surprising),
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

/** The table of the cells is wrong there, or the code is. */
function surprisingLines(surprising: readonly CoverageCell[]): Line[] {
  if (surprising.length === 0) return [];
  const more = surprising.length - surprisingShownMax;
  return [
    [tinted(`  ${counted(surprising.length, "cell")} said to be impossible, and reached:`, "bad")],
    ...surprising.slice(0, surprisingShownMax).map((cell): Line => [`    ${cellWords(cell)}`]),
    ...(more > 0 ? [[faint(`    and ${wholeNumber(more)} more; --json lists them all`)]] : []),
  ];
}

function groupOf({ actor, state, crash }: CoverageCell): string {
  return `${actor === "broker" ? "broker" : state}${crash ? ", killed" : ""}`;
}
