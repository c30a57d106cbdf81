import { Screen } from "../../reports/live/screen.ts";
import type { ReporterOutput } from "../../reports/reporter.ts";
import { type Line, renderLine } from "../../reports/text/line.ts";

const onTerminalEveryMs = 100;
const inPipeEveryMs = 5_000;

/** One line that says how it is getting on: drawn over in place on a terminal, now and then a new one in a pipe. */
export class LiveLine {
  readonly #output: ReporterOutput;
  readonly #screen: Screen;
  #timer: NodeJS.Timeout | undefined;

  constructor(output: ReporterOutput) {
    this.#output = output;
    this.#screen = new Screen(output);
  }

  /** Shows what `line` says until it is stopped, or another one is started. */
  start(line: () => Line): void {
    this.stop();
    this.#timer = setInterval(() => this.#show(line()), this.#output.live ? onTerminalEveryMs : inPipeEveryMs);
    this.#timer.unref();
  }

  /** Takes the line away from a terminal. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#output.live) this.#screen.clear();
  }

  #show(line: Line): void {
    if (this.#output.live) this.#screen.draw([line]);
    else this.#output.write(`${renderLine(line, { columns: Number.POSITIVE_INFINITY, color: this.#output.color })}\n`);
  }
}
