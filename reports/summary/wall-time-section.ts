import { shareBar } from "../text/bar.ts";
import { inColumns, left, right } from "../text/columns.ts";
import { duration } from "../text/duration.ts";
import { faint, type Line, type Piece, tinted } from "../text/line.ts";
import type { Section } from "./run-view.ts";

const barWidth = 10;
/** A rest smaller than this share of the run is rounding, not a phase. */
const restShownRatio = 0.01;

/** Where the wall time went. */
export const wallTimeSection: Section = ({ verdict: { phases, startedAt, endedAt }, overhead: { runnerMs } }) => {
  if (phases.length === 0) return [];
  const total = Math.max(0, endedAt - startedAt);
  const told = phases.reduce((sum, { ms }) => sum + ms, 0);
  const rest = total - told;
  const whole = Math.max(total, told);
  const shown = rest > restShownRatio * whole ? [...phases, { phase: "between the phases", ms: rest }] : phases;
  const rows = shown.map(({ phase, ms }): Piece[] => {
    const ratio = whole === 0 ? 0 : ms / whole;
    return [phase, duration(ms), `${Math.round(ratio * 100)} %`, tinted(shareBar(ratio, barWidth), "bar")];
  });
  const own = `${(whole === 0 ? 0 : (100 * runnerMs) / whole).toFixed(1)} %`;
  const heading: Line = [tinted("Wall time", "heading"), faint(`  ${duration(total)}, ${own} the runner's own`)];
  return [heading, ...inColumns(rows, [left, right, right, left])];
};
