import type { Expectation } from "../../protocol/verdict.ts";
import { flow } from "../text/flow.ts";
import { faint, type Line, tinted } from "../text/line.ts";
import { visibleWidth, wrap } from "../text/width.ts";
import { verdictMarks, verdictTones } from "./headline.ts";
import type { Section } from "./run-view.ts";

/** How many that hold are told one by one in a run that went wrong. */
const heldShownMax = 3;

/** What was expected and what was seen; those that are not fulfilled come first and are told in full. */
export const expectationsSection: Section = ({ verdict }, width) => {
  const { expectations, notApplicable = [] } = verdict;
  if (expectations.length + notApplicable.length === 0) return [];
  const troubled = verdict.exitCode !== 0;
  const order = { fail: 0, unknown: 1, pass: 2 } as const;
  const ordered = expectations.toSorted((a, b) => order[a.result] - order[b.result]);
  const held = expectations.filter(({ result }) => result === "pass");
  // In a run that went wrong, what went right only stands in the way of what did not.
  const folded = troubled && held.length > heldShownMax;
  const shown = folded ? ordered.filter(({ result }) => result !== "pass") : ordered;
  return [
    ...heading(folded ? held : [], `${held.length} of ${expectations.length} hold`, width),
    ...shown.flatMap((expectation) => expectationLines(expectation, width)),
    ...notApplicable.flatMap(({ title, detail }) => notApplicableLines(`${title}: ${detail}`, width)),
  ];
};

function heading(folded: readonly Expectation[], count: string, width: number): Line[] {
  const begin = [tinted("Expectations", "heading"), faint(`  ${count}${folded.length > 0 ? ": " : ""}`)];
  const ids = folded.map(({ id }) => [faint(id)]);
  return flow(begin, ids, { width, between: faint(", "), indent: "    " });
}

function notApplicableLines(text: string, width: number): Line[] {
  const [first = "", ...rest] = wrap(`not applicable: ${text}`, width - 4);
  return [["  ", faint(`– ${first}`)], ...rest.map((line): Line => ["    ", faint(line)])];
}

function expectationLines({ title, detail, result, story = [] }: Expectation, width: number): Line[] {
  const mark = tinted(verdictMarks[result], verdictTones[result]);
  const head: Line = ["  ", mark, ` ${title}`];
  if (detail === "") return [head];
  const room = width - 4 - visibleWidth(title) - 2;
  // What holds is one line, cut if it must be; what does not is worth as many as it takes.
  if (result === "pass") return [room < 12 ? head : [...head, faint(`  ${detail}`)]];
  const events = story.flatMap((event) => wrap(event, width - 6)).map((text): Line => ["      ", faint(text)]);
  if (visibleWidth(detail) <= room) return [[...head, "  ", tinted(detail, verdictTones[result])], ...events];
  return [
    head,
    ...wrap(detail, width - 4).map((text): Line => ["    ", tinted(text, verdictTones[result])]),
    ...events,
  ];
}
