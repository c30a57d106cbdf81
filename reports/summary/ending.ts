import { faint, type Line, tinted } from "../text/line.ts";
import { wrap } from "../text/width.ts";
import { toneOf } from "./headline.ts";
import type { Section } from "./run-view.ts";
import { firstTrouble } from "./trouble.ts";

/**
 * What stands nearest the prompt: for a run that passed, where everything lies and how to look again; else the first
 * trouble once more, and the command that runs the same again as the very last line.
 */
export const ending: Section = ({ verdict, directory, showAgain }, width) => {
  const lookAgain: Line[] = [
    [faint("everything   "), tinted(directory, "command")],
    [faint("look again   "), tinted(showAgain, "command")],
  ];
  const trouble = firstTrouble(verdict);
  if (trouble === undefined) return lookAgain;
  const tone = toneOf(verdict);
  const mark = tone === "bad" ? "✗" : "?";
  return [
    ...lookAgain,
    ...wrap(trouble, width - 2).map((text, index): Line => [tinted(`${index === 0 ? mark : " "} ${text}`, tone)]),
    [faint("reproduce    "), tinted(verdict.reproduce, "command")],
  ];
};
