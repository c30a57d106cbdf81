import type { LatencySeries } from "../figures/latencies.ts";
import { inColumns, left, right } from "../text/columns.ts";
import { counted, duration, milliseconds } from "../text/duration.ts";
import { faint, type Line, type Piece, tinted } from "../text/line.ts";
import type { Section } from "./run-view.ts";

/** How fast the donor had the machine back: freezes, resumes, checkpoints, and what ran while nothing should. */
export const latenciesSection: Section = ({ figures: { latencies, frozen } }) => {
  const series = latencies.filter(({ id }) => !id.startsWith("withdrawal"));
  if (series.length === 0 && frozen === null) return [];
  const lines = seriesTable(series);
  if (frozen === null) return lines;
  const { watched, forMs, cpuUsedUs, runningMax } = frozen;
  const still = runningMax === 0;
  return [
    ...lines,
    [
      "  while frozen ",
      tinted(still ? "nothing ran" : `${counted(runningMax, "process", "processes")} ran`, still ? "good" : "bad"),
      faint(`, ${duration(cpuUsedUs / 1000)} CPU of ${duration(forMs)} (${watched}×)`),
    ],
  ];
};

function seriesTable(series: readonly LatencySeries[]): Line[] {
  const heads = [tinted("Latencies", "heading"), ...["count", "p50", "p99", "max ms"].map(faint)];
  const rows = series.map(({ title, count, p50Ms, p99Ms, maxMs }): Piece[] => [
    `  ${title}`,
    ...[String(count), milliseconds(p50Ms), milliseconds(p99Ms), milliseconds(maxMs)],
  ]);
  return inColumns([heads, ...rows], [left, right, right, right, right], "");
}
