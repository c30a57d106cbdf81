import { type Line, tinted } from "../text/line.ts";
import { wrap } from "../text/width.ts";
import type { Section } from "./run-view.ts";

const shownMax = 3;

/** What could not be read of the run's own records. The figures leave it out, so they may be too small. */
export const lostEvidenceSection: Section = ({ lostEvidence }, width) => {
  if (lostEvidence.length === 0) return [];
  const more = lostEvidence.length - shownMax;
  const said = [...lostEvidence.slice(0, shownMax), ...(more > 0 ? [`And ${more} more.`] : [])];
  return [
    [tinted("Lost evidence", "doubt"), "  the figures here may be too small"],
    ...said.flatMap((text) =>
      wrap(text, width - 4).map((part, index): Line => [index === 0 ? "  ? " : "    ", tinted(part, "doubt")]),
    ),
  ];
};
