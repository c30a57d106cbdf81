import type { Expectation } from "../../protocol/verdict.ts";
import { faint, type Line, tinted } from "../text/line.ts";
import { visibleWidth, wrap } from "../text/width.ts";
import { verdictMarks, verdictTones } from "./headline.ts";
import type { Section } from "./run-view.ts";

/** What was expected and what was seen; those that are not fulfilled come first and are told in full. */
export const expectationsSection: Section = ({ verdict: { expectations } }, width) => {
  if (expectations.length === 0) return [];
  const order = { fail: 0, unknown: 1, pass: 2 } as const;
  const ordered = expectations.toSorted((a, b) => order[a.result] - order[b.result]);
  const held = expectations.filter(({ result }) => result === "pass").length;
  return [
    [tinted("Expectations", "heading"), faint(`  ${held} of ${expectations.length} hold`)],
    ...ordered.flatMap((expectation) => expectationLines(expectation, width)),
  ];
};

function expectationLines({ title, detail, result }: Expectation, width: number): Line[] {
  const mark = tinted(verdictMarks[result], verdictTones[result]);
  const head: Line = ["  ", mark, ` ${title}`];
  if (detail === "") return [head];
  const room = width - 4 - visibleWidth(title) - 2;
  // What holds is one line, cut if it must be; what does not is worth as many as it takes.
  if (result === "pass") return [room < 12 ? head : [...head, faint(`  ${detail}`)]];
  if (visibleWidth(detail) <= room) return [[...head, "  ", tinted(detail, verdictTones[result])]];
  return [head, ...wrap(detail, width - 4).map((text): Line => ["    ", tinted(text, verdictTones[result])])];
}
