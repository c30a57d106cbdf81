import type { EndedRun } from "../reporter.ts";
import { beside } from "../text/flow.ts";
import type { Line } from "../text/line.ts";
import { isoTime } from "../text/wall-clock.ts";
import { cleanUpSection } from "./clean-up-section.ts";
import { ending } from "./ending.ts";
import { expectationsSection } from "./expectations-section.ts";
import { headline } from "./headline.ts";
import { jobsSection } from "./jobs-section.ts";
import { latenciesSection } from "./latencies-section.ts";
import { lostEvidenceSection } from "./lost-evidence-section.ts";
import { residueSection } from "./residue-section.ts";
import { runHeading } from "./run-heading.ts";
import { runView, type Section } from "./run-view.ts";
import { timelineSection } from "./timeline-section.ts";
import { wallTimeSection } from "./wall-time-section.ts";
import { withdrawalsSection } from "./withdrawals-section.ts";

const widthMin = 40;
/** Wider than this, a line is hard to follow. */
const widthMax = 110;

/**
 * The end of a run as a person reads it: the verdict first, the evidence for it, and nearest the prompt what to do next.
 *
 * @param heading whether to say once more what exactly ran; not where the live report has just said it
 */
export function summary(run: EndedRun, { columns, heading }: { columns: number; heading: boolean }): Line[] {
  const width = Math.min(widthMax, Math.max(widthMin, columns));
  const view = runView(run);
  const { verdict } = view;
  const blocks = sections.map((section) => section(view, width)).filter((lines) => lines.length > 0);
  if (heading) {
    const where = [`as ${verdict.user}`, `${verdict.stage} stage`, isoTime(verdict.startedAt)];
    blocks.unshift(runHeading(verdict, width, where));
  }
  return blocks.flatMap((lines, index): Line[] => (index === 0 ? lines : [[], ...lines]));
}

/** Latencies and wall time, next to each other where there is room. */
const figuresSection: Section = (view, width) => {
  const latencies = latenciesSection(view, width);
  const wallTime = wallTimeSection(view, width);
  if (latencies.length === 0 || wallTime.length === 0) return [...latencies, ...wallTime];
  return beside(latencies, wallTime, width) ?? [...latencies, [], ...wallTime];
};

const sections: readonly Section[] = [
  headline,
  lostEvidenceSection,
  timelineSection,
  expectationsSection,
  figuresSection,
  withdrawalsSection,
  jobsSection,
  residueSection,
  cleanUpSection,
  ending,
];
