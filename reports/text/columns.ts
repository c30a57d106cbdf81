import { type Line, lineWidth, type Piece } from "./line.ts";

export interface Column {
  readonly align: "left" | "right";
}

/** Lays cells out in columns as wide as their widest cell, two spaces apart, each line after an indent. */
export function inColumns(rows: readonly (readonly Piece[])[], columns: readonly Column[], indent = "  "): Line[] {
  const widths = columns.map((_, index) => Math.max(0, ...rows.map((row) => lineWidth([row[index] ?? ""]))));
  return rows.map((row) => {
    const line: Piece[] = [indent];
    for (const [index, { align }] of columns.entries()) {
      const cell = row[index] ?? "";
      const gap = " ".repeat((widths[index] ?? 0) - lineWidth([cell]));
      const between = index === 0 ? "" : "  ";
      if (align === "right") line.push(between + gap, cell);
      else line.push(between, cell, gap);
    }
    return line;
  });
}

export const left: Column = { align: "left" };
export const right: Column = { align: "right" };
