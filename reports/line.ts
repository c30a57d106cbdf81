import { systemClock } from "../foundation/clock.ts";
import type { HistoryRecord } from "../protocol/history.ts";
import { ProgressLines } from "./live/progress-lines.ts";
import { newRunStatus, observe } from "./live/run-status.ts";
import { Screen } from "./live/screen.ts";
import { frameMs, statusBlock } from "./live/status-block.ts";
import type { EndedRun, Reporter, ReporterOutput } from "./reporter.ts";
import { summary } from "./summary/summary.ts";
import { renderLines } from "./text/line.ts";
import { printableRecord } from "./text/printable.ts";

/** For people: on a terminal a status block that is drawn over in place, in a pipe plain lines; then the summary. */
export function lineReporter(output: ReporterOutput): Reporter {
  return output.live ? new LiveReporter(output) : new PlainReporter(output);
}

class PlainReporter implements Reporter {
  readonly #output: ReporterOutput;
  readonly #progress = new ProgressLines({ everyEdge: true });
  #following = false;

  constructor(output: ReporterOutput) {
    this.#output = output;
  }

  record(record: HistoryRecord): void {
    const lines = this.#progress.linesFor(record, this.#output.columns);
    if (lines.length === 0) return;
    this.#following = true;
    // Nothing is lost in a log: only a terminal has an edge.
    this.#output.write(renderLines(lines, { columns: Number.POSITIVE_INFINITY, color: this.#output.color }));
  }

  end(run: EndedRun): void {
    writeSummary(this.#output, run, this.#following);
  }

  close(): void {
    // Every line is permanent.
  }
}

class LiveReporter implements Reporter {
  readonly #output: ReporterOutput;
  readonly #progress = new ProgressLines({ everyEdge: false });
  readonly #screen: Screen;
  readonly #status = newRunStatus();
  #timer: NodeJS.Timeout | undefined;
  #following = false;

  constructor(output: ReporterOutput) {
    this.#output = output;
    this.#screen = new Screen(output);
  }

  record(record: HistoryRecord): void {
    const shown = printableRecord(record);
    observe(this.#status, shown);
    const lines = this.#progress.linesFor(shown, this.#output.columns);
    // Records come by the hundred in a second: only what stays is written at once, the block follows its timer.
    if (lines.length > 0) {
      this.#following = true;
      this.#screen.draw(this.#block(), lines);
    }
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#screen.draw(this.#block()), frameMs);
    this.#timer.unref();
  }

  end(run: EndedRun): void {
    this.close();
    writeSummary(this.#output, run, this.#following);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#screen.clear();
  }

  #block() {
    const now = this.#status.virtualNow ?? systemClock.nowMs();
    return statusBlock(this.#status, { now, columns: Math.max(1, this.#output.columns - 1) });
  }
}

/** Whoever followed the run has seen its heading. */
function writeSummary(output: ReporterOutput, run: EndedRun, following: boolean): void {
  const lines = summary(run, { columns: output.columns, heading: !following });
  output.write(renderLines(following ? [[], ...lines] : lines, output));
}
