import { styleText } from "node:util";

import { shorten, visibleWidth } from "./width.ts";

/** What a piece of text means; only `render` knows how that looks. */
export type Tone = keyof typeof looks;

export type Piece = string | { readonly text: string; readonly tone: Tone };
/** One line of output, not yet coloured, so that its width is that of its texts. */
export type Line = readonly Piece[];

export interface Look {
  readonly columns: number;
  readonly color: boolean;
}

const looks = {
  good: ["green"],
  bad: ["red"],
  doubt: ["yellow"],
  faint: ["dim"],
  strong: ["bold"],
  heading: ["bold", "cyan"],
  headlineGood: ["bold", "inverse", "green"],
  headlineBad: ["bold", "inverse", "red"],
  headlineDoubt: ["bold", "inverse", "yellow"],
  command: ["cyan"],
  bar: ["cyan"],
  enrolling: ["cyan"],
  idle: ["blue"],
  working: ["green"],
  paused: ["yellow"],
  withdrawing: ["magenta"],
} as const satisfies Record<string, readonly Parameters<typeof styleText>[0][]>;

export function tinted(text: string, tone: Tone): Piece {
  return { text, tone };
}

export const faint = (text: string): Piece => tinted(text, "faint");

export function lineWidth(line: Line): number {
  return line.reduce((width, piece) => width + visibleWidth(textOf(piece)), 0);
}

/**
 * One line as it is written, without a newline; no wider than the look's columns, but for a command: it is there to be
 * copied, so it is never cut.
 */
export function renderLine(line: Line, { columns, color }: Look): string {
  let left = columns;
  let rendered = "";
  for (const [index, piece] of line.entries()) {
    const text = textOf(piece);
    const width = visibleWidth(text);
    const rest = line.slice(index + 1);
    if (typeof piece !== "string" && piece.tone === "command") {
      rendered += color ? paint(text, piece.tone) : text;
      left -= width;
      continue;
    }
    const cut = width > left || (width === left && hasMore(rest)) ? shorten(text, left, { more: true }) : text;
    rendered += typeof piece === "string" || !color ? cut : paint(cut, piece.tone);
    left -= visibleWidth(cut);
    if (cut !== text || left <= 0) break;
  }
  return rendered.trimEnd();
}

export function renderLines(lines: readonly Line[], look: Look): string {
  return lines.map((line) => `${renderLine(line, look)}\n`).join("");
}

/** Whether cutting here would hide something: blanks are no loss. */
function hasMore(rest: Line): boolean {
  return rest.some((piece) => textOf(piece).trim() !== "");
}

function paint(text: string, tone: Tone): string {
  // Whether colour is wanted was decided by whoever made the output, for that very stream.
  return text === "" ? "" : styleText([...looks[tone]], text, { validateStream: false });
}

function textOf(piece: Piece): string {
  return typeof piece === "string" ? piece : piece.text;
}
