import type { WithdrawalReport, WithdrawalStep } from "../../protocol/withdrawal-report.ts";
import type { LatencySeries } from "../figures/latencies.ts";
import { inColumns, left, right } from "../text/columns.ts";
import { counted, duration, milliseconds } from "../text/duration.ts";
import { faint, type Line, lineWidth, type Piece, tinted } from "../text/line.ts";
import type { Section } from "./run-view.ts";

const withdrawalsShownMax = 3;

/** How fast the donor had the machine back: freezes, resumes, checkpoints, and each withdrawal step by step. */
export const latenciesSection: Section = ({ figures }, width) => {
  const series = figures.latencies.filter(({ id }) => !id.startsWith("withdrawal"));
  const lines: Line[] = [];
  if (series.length > 0) lines.push(...seriesTable(series));
  if (figures.frozen !== null) {
    const { watched, forMs, cpuUsedUs, runningMax } = figures.frozen;
    const still = runningMax === 0;
    lines.push([
      "  while frozen: ",
      tinted(still ? "nothing ran" : `${counted(runningMax, "process", "processes")} ran`, still ? "good" : "bad"),
      faint(`  ${duration(cpuUsedUs / 1000)} of CPU in ${duration(forMs)}, watched ${counted(watched, "time")}`),
    ]);
  }
  for (const report of figures.withdrawals.slice(0, withdrawalsShownMax)) lines.push(...withdrawalLines(report, width));
  const more = figures.withdrawals.length - withdrawalsShownMax;
  if (more > 0) lines.push([faint(`  and ${counted(more, "more withdrawal")}, in --format json`)]);
  return lines;
};

function seriesTable(series: readonly LatencySeries[]): Line[] {
  const heads = [tinted("Latencies", "heading"), ...["count", "p50", "p99", "max ms"].map(faint)];
  const rows = series.map(({ title, count, p50Ms, p99Ms, maxMs }): Piece[] => [
    `  ${title}`,
    ...[String(count), milliseconds(p50Ms), milliseconds(p99Ms), milliseconds(maxMs)],
  ]);
  return inColumns([heads, ...rows], [left, right, right, right, right], "");
}

function withdrawalLines(report: WithdrawalReport, width: number): Line[] {
  const again = report.attempts > 1 ? `, in ${report.attempts} attempts` : "";
  const lines: Piece[][] = [
    [`  withdrawal ${duration(Math.max(0, report.endedAt - report.startedAt))}${again}`, faint(":")],
  ];
  for (const step of report.steps.filter(({ outcome }) => outcome !== "nothing-to-do")) {
    const entry = stepPieces(step);
    const last = lines.at(-1) as Piece[];
    if (lineWidth(last) + 2 + lineWidth(entry) <= width) last.push("  ", ...entry);
    else lines.push(["   ", " ", ...entry]);
  }
  if (!report.clean) lines.push(["  ", tinted("the withdrawal itself reports that something is left", "bad")]);
  return lines;
}

function stepPieces({ step, outcome, durationMs }: WithdrawalStep): Piece[] {
  const time = faint(` ${duration(durationMs)}`);
  if (outcome === "failed") return [tinted(`✗ ${step}`, "bad"), time];
  if (outcome === "deferred") return [tinted(`${step} deferred`, "doubt"), time];
  return [step, time];
}
