import type { ReporterOutput } from "../reporter.ts";
import { type Line, lineWidth, renderLine, renderLines } from "../text/line.ts";

/** Control sequences as ECMA-48 names them. */
const eraseBelow = "\x1b[0J";
const eraseToLineEnd = "\x1b[0K";
const toColumnOne = "\r";
const up = (rows: number) => (rows === 0 ? "" : `\x1b[${rows}A`);

/**
 * Keeps a block of lines at the bottom of a terminal: what is permanent is written above it. Everything is written in
 * one go, so that nothing flickers; the cursor stays visible, because a killed process could not bring it back.
 */
export class Screen {
  readonly #output: ReporterOutput;
  /** The widths of the lines that stand there now. */
  #drawn: readonly number[] = [];

  constructor(output: ReporterOutput) {
    this.#output = output;
  }

  /** Draws the block in the place of the one before, after the lines that are to stay. */
  draw(block: readonly Line[], permanent: readonly Line[] = []): void {
    const { columns, color } = this.#output;
    // The last column stays free: a terminal that has filled it may or may not have gone to the next line.
    const look = { columns: Math.max(1, columns - 1), color };
    const rendered = block.map((line) => `${renderLine(line, look)}${eraseToLineEnd}\n`).join("");
    this.#output.write(this.#overwrite() + renderLines(permanent, { columns, color }) + rendered);
    this.#drawn = block.map((line) => Math.min(lineWidth(line), look.columns));
  }

  /** Takes the block away. */
  clear(): void {
    if (this.#drawn.length > 0) this.#output.write(this.#overwrite());
    this.#drawn = [];
  }

  /** A terminal made narrower since has broken the lines: they take more rows than they are. */
  #overwrite(): string {
    if (this.#drawn.length === 0) return "";
    const columns = Math.max(1, this.#output.columns);
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return toColumnOne + up(rows) + eraseBelow;
  }
}
