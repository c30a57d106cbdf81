import type { JobsSummary } from "../figures/jobs.ts";
import { byteSize, counted, wholeNumber } from "../text/duration.ts";
import { flow } from "../text/flow.ts";
import { faint, type Line, type Piece, tinted } from "../text/line.ts";
import { wrapItems } from "../text/width.ts";
import type { Section } from "./run-view.ts";

/** What became of the jobs: one line of counts, one of what stands behind them. */
export const jobsSection: Section = ({ figures: { jobs } }, width) => {
  if (jobs.submitted === 0) return [];
  const counts = [`${wholeNumber(jobs.submitted)} submitted`, ...outcomes(jobs)].map((piece) => [piece]);
  const lines = flow([tinted("Jobs", "heading"), "  "], counts, { width, between: faint(" · "), indent: "  " });
  return [...lines, ...wrapItems(background(jobs), " · ", width - 2).map((text): Line => ["  ", faint(text)])];
};

function outcomes(jobs: JobsSummary): Piece[] {
  const without = jobs.handedBack - jobs.handedBackWithCheckpoint;
  const neverStarted = jobs.waiting + jobs.leased - jobs.handedBack;
  const pieces: Piece[] = [tinted(`${jobs.completed} completed`, jobs.completed > 0 ? "good" : "faint")];
  if (jobs.handedBackWithCheckpoint > 0) pieces.push(`${jobs.handedBackWithCheckpoint} handed back with checkpoint`);
  if (without > 0) pieces.push(tinted(`${without} handed back without checkpoint`, "doubt"));
  if (neverStarted > 0) pieces.push(faint(`${neverStarted} ${jobs.leased > 0 ? "unfinished" : "waiting"}`));
  if (jobs.cancelled > 0) pieces.push(`${jobs.cancelled} cancelled`);
  pieces.push(tinted(`${jobs.failed} failed`, jobs.failed > 0 ? "bad" : "faint"));
  return pieces;
}

function background(jobs: JobsSummary): string[] {
  const said: string[] = [];
  if (jobs.checkpoints > 0)
    said.push(`${counted(jobs.checkpoints, "checkpoint")} of ${byteSize(jobs.checkpointBytes)}`);
  if (jobs.checkpointsFailed > 0) said.push(`${counted(jobs.checkpointsFailed, "checkpoint")} failed`);
  if (jobs.resultsVerified > 0)
    said.push(`${jobs.resultsCorrect} of ${counted(jobs.resultsVerified, "result")} correct`);
  if (jobs.leasedAgain > 0) said.push(`${jobs.leasedAgain} leased more than once`);
  for (const { code, count } of jobs.refusals) said.push(`${counted(count, "request")} refused: ${code}`);
  return said;
}
