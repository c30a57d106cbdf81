const escape = "\x1b";
const token = new RegExp(`${escape}\\[[0-9;?]*[A-Za-z]|[\\s\\S]`, "gu");
const cursorUp = new RegExp(`^${escape}\\[\\d+A$`);

/**
 * As much of a terminal as the live report uses: lines that wrap at the width, return, cursor up, erase below and to the
 * end of the line. Anything else in the input throws, so that a test sees every sequence that is sent.
 */
export class Terminal {
  readonly rows: string[] = [""];
  #columns: number;
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  write(text: string): void {
    for (const part of text.match(token) ?? []) this.#take(part);
  }

  /** Breaks the lines that no longer fit, as terminals do; the cursor stays in the last row. */
  resize(columns: number): void {
    const lines = this.rows.flatMap((row) =>
      row === "" ? [""] : (row.match(new RegExp(`.{1,${columns}}`, "gu")) ?? []),
    );
    this.rows.splice(0, this.rows.length, ...lines);
    this.#columns = columns;
    this.#row = this.rows.length - 1;
  }

  /** What stands there, without the empty end. */
  screen(): string {
    return this.rows
      .map((row) => row.trimEnd())
      .join("\n")
      .trimEnd();
  }

  #take(part: string): void {
    if (part === "\n") {
      this.#down();
      this.#column = 0;
    } else if (part === "\r") this.#column = 0;
    else if (part === "\x1b[0J") {
      this.rows.length = this.#row + 1;
      this.#cut();
    } else if (part === "\x1b[0K") this.#cut();
    else if (cursorUp.test(part)) this.#row = Math.max(0, this.#row - Number.parseInt(part.slice(2), 10));
    else if (part.startsWith("\x1b")) throw new Error(`the terminal does not know ${JSON.stringify(part)}`);
    else this.#print(part);
  }

  #print(character: string): void {
    if (this.#column === this.#columns) {
      this.#down();
      this.#column = 0;
    }
    const row = (this.rows[this.#row] ?? "").padEnd(this.#column);
    this.rows[this.#row] = row.slice(0, this.#column) + character + row.slice(this.#column + 1);
    this.#column += 1;
  }

  #down(): void {
    this.#row += 1;
    this.rows[this.#row] ??= "";
  }

  #cut(): void {
    this.rows[this.#row] = (this.rows[this.#row] ?? "").slice(0, this.#column);
  }
}
