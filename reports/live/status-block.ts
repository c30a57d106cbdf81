import type { JobState } from "../../protocol/job-states.ts";
import { stateTones } from "../summary/timeline-section.ts";
import { duration } from "../text/duration.ts";
import { faint, type Line, lineWidth, type Piece, tinted } from "../text/line.ts";
import { shorten } from "../text/width.ts";
import type { RunStatus } from "./run-status.ts";

const agentsShownMax = 3;
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/** How often the block is drawn anew. */
export const frameMs = 100;

/** At most four lines: what is being done, the agents, the jobs, the last event. */
export function statusBlock(status: RunStatus, { now, columns }: { now: number; columns: number }): Line[] {
  const lines: Line[] = [currentLine(status, now, columns)];
  if (status.agents.size > 0) lines.push(agentsLine(status, now));
  if (status.jobs.size > 0) lines.push(jobsLine(status, columns));
  if (status.last !== undefined) {
    lines.push([faint("  last    "), status.last.bad ? tinted(status.last.text, "bad") : faint(status.last.text)]);
  }
  return lines;
}

function currentLine(status: RunStatus, now: number, columns: number): Line {
  const elapsed = Math.max(0, now - (status.beganAt ?? now));
  const spinner = frames[Math.floor(now / frameMs) % frames.length] ?? "";
  const left: Piece[] = [tinted(spinner, "bar"), " ", tinted(status.scenario, "strong")];
  if (status.step !== undefined) {
    const total = status.stepsPlanned === undefined ? "" : `/${status.stepsPlanned}`;
    left.push(`  step ${status.step.number}${total}  `, status.step.title);
  } else if (status.phase !== undefined) left.push("  ", status.phase.name);
  const right = `${(elapsed / 1000).toFixed(1)} s`;
  const room = columns - right.length - 2;
  const fitting = fit(left, room);
  return [...fitting, " ".repeat(Math.max(2, columns - lineWidth(fitting) - right.length)), faint(right)];
}

/** Cuts the last piece so that the elapsed time keeps its place at the right edge. */
function fit(pieces: readonly Piece[], room: number): Piece[] {
  const over = lineWidth(pieces) - room;
  const last = pieces.at(-1);
  if (over <= 0 || typeof last !== "string") return [...pieces];
  return [...pieces.slice(0, -1), shorten(last, Math.max(1, lineWidth([last]) - over))];
}

function agentsLine({ agents }: RunStatus, now: number): Line {
  const line: Piece[] = [faint(agents.size === 1 ? "  agent   " : "  agents  ")];
  const newest = [...agents].toReversed().slice(0, agentsShownMax);
  for (const [index, [, { state, since }]] of newest.entries()) {
    if (index > 0) line.push("   ");
    line.push(tinted(state, stateTones[state]), faint(` for ${duration(Math.max(0, now - since))}`));
  }
  if (agents.size > agentsShownMax) line.push(faint(`   and ${agents.size - agentsShownMax} more`));
  return line;
}

function jobsLine({ jobs, handedBack }: RunStatus, columns: number): Line {
  const inState = (...states: JobState[]) => [...jobs.values()].filter((state) => states.includes(state)).length;
  const failed = inState("failed");
  const ended = inState("completed", "failed", "cancelled");
  const counts = [
    `${inState("queued", "offered")} queued`,
    `${inState("leased")} leased`,
    `${inState("completed")} completed`,
  ];
  if (handedBack.size > 0) counts.push(`${handedBack.size} handed back`);
  const line: Piece[] = [faint("  jobs    ")];
  if (columns >= 80) {
    const width = 12;
    const done = Math.round((ended / jobs.size) * width);
    const held = Math.min(width - done, Math.ceil((inState("leased") / jobs.size) * width));
    line.push(
      tinted("█".repeat(done), "good"),
      tinted("▒".repeat(held), "bar"),
      faint("░".repeat(width - done - held)),
      " ",
    );
  }
  line.push(counts.join(" · "));
  if (failed > 0) line.push(" · ", tinted(`${failed} failed`, "bad"));
  return line;
}
