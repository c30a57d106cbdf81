import type { WithdrawalReport, WithdrawalStep } from "../../protocol/withdrawal-report.ts";
import { counted, duration } from "../text/duration.ts";
import { flow } from "../text/flow.ts";
import { faint, type Line, type Piece, tinted } from "../text/line.ts";
import type { Section } from "./run-view.ts";

const withdrawalsShownMax = 3;
const stepToldMsMin = 1;

/** How long each withdrawal took, step by step, as the agent measured it. */
export const withdrawalsSection: Section = ({ figures: { withdrawals } }, width) => {
  if (withdrawals.length === 0) return [];
  const more = withdrawals.length - withdrawalsShownMax;
  return [
    [tinted(withdrawals.length === 1 ? "Withdrawal" : "Withdrawals", "heading")],
    ...withdrawals.slice(0, withdrawalsShownMax).flatMap((report) => withdrawalLines(report, width)),
    ...(more > 0 ? [[faint(`  and ${counted(more, "more withdrawal")}, in --format json`)]] : []),
  ];
};

function withdrawalLines(report: WithdrawalReport, width: number): Line[] {
  const again = report.attempts > 1 ? `, in ${report.attempts} attempts` : "";
  const begin = ["  ", `${duration(Math.max(0, report.endedAt - report.startedAt))}${again}`, faint(":  ")];
  const steps = report.steps.filter(isWorthTelling).map(stepPieces);
  const lines = flow(begin, steps, { width, between: "  ", indent: "    " });
  if (report.clean) return lines;
  return [...lines, ["  ", tinted("the withdrawal itself reports that something is left", "bad")]];
}

/** What took no time and went well is in the whole. */
function isWorthTelling({ outcome, durationMs }: WithdrawalStep): boolean {
  return outcome === "done" ? durationMs >= stepToldMsMin : outcome !== "nothing-to-do";
}

function stepPieces({ step, outcome, durationMs }: WithdrawalStep): Piece[] {
  const time = faint(` ${duration(durationMs)}`);
  if (outcome === "failed") return [tinted(`✗ ${step}`, "bad"), time];
  if (outcome === "deferred") return [tinted(`${step} deferred`, "doubt"), time];
  return [step, time];
}
