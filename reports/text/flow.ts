import { type Line, lineWidth, type Piece } from "./line.ts";

export interface Flow {
  readonly width: number;
  /** Between two entries on one line. */
  readonly between: Piece;
  /** Before the first entry of a further line. */
  readonly indent: string;
}

/** Puts entries side by side after a beginning, and on further lines where they do not fit. */
export function flow(beginning: readonly Piece[], entries: readonly (readonly Piece[])[], layout: Flow): Line[] {
  const lines: Piece[][] = [[...beginning]];
  let fresh = true;
  for (const entry of entries) {
    const line = lines.at(-1) ?? [];
    const joined = fresh ? entry : [layout.between, ...entry];
    if (fresh || lineWidth(line) + lineWidth(joined) <= layout.width) line.push(...joined);
    else lines.push([layout.indent, ...entry]);
    fresh = false;
  }
  return lines;
}

/** Two blocks next to each other; undefined where they do not fit. */
export function beside(left: readonly Line[], right: readonly Line[], width: number): Line[] | undefined {
  const gap = 4;
  const leftWidth = left.reduce((most, line) => Math.max(most, lineWidth(line)), 0);
  const rightWidth = right.reduce((most, line) => Math.max(most, lineWidth(line)), 0);
  if (leftWidth + gap + rightWidth > width) return undefined;
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const line = left[index] ?? [];
    return [...line, " ".repeat(leftWidth + gap - lineWidth(line)), ...(right[index] ?? [])];
  });
}
