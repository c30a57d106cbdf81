import { systemClock } from "../../foundation/clock.ts";
import type { HistoryRecord } from "../../protocol/history.ts";
import type { ReporterOutput } from "../reporter.ts";
import { duration } from "../text/duration.ts";
import { faint, type Line, renderLines, tinted } from "../text/line.ts";
import { printableRecord } from "../text/printable.ts";
import { newRunStatus, observe, type RunStatus } from "./run-status.ts";
import { Screen } from "./screen.ts";
import { frameMs } from "./status-block.ts";

/** More that run side by side are counted only: a terminal has few lines. */
const shownMax = 8;

/** What runs now, each run a line that is drawn over in place below those that stay; nothing but those in a pipe. */
export class ListBoard {
  readonly #output: ReporterOutput;
  readonly #screen: Screen;
  /** By the place in the suite, in the order in which they began. */
  readonly #running = new Map<number, RunStatus>();
  #timer: NodeJS.Timeout | undefined;

  constructor(output: ReporterOutput) {
    this.#output = output;
    this.#screen = new Screen(output);
  }

  /** One begins, of which nothing else may be known before its end. */
  begin(position: number, scenario: string): void {
    if (!this.#output.live) return;
    this.#running.set(position, { ...newRunStatus(), scenario, beganAt: systemClock.nowMs() });
    this.#draw();
  }

  record(position: number, record: HistoryRecord): void {
    if (!this.#output.live) return;
    let status = this.#running.get(position);
    if (status === undefined) this.#running.set(position, (status = newRunStatus()));
    observe(status, printableRecord(record));
    this.#draw();
  }

  #draw(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#screen.draw(this.#block()), frameMs);
    this.#timer.unref();
  }

  /** Puts lines where they stay. */
  say(lines: readonly Line[]): void {
    if (this.#output.live) this.#screen.draw(this.#block(), lines);
    else this.#output.write(renderLines(lines, this.#output));
  }

  /** Takes a run away that goes on no more. */
  gone(position: number): void {
    if (!this.#running.delete(position)) return;
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#screen.clear();
  }

  #block(): Line[] {
    const now = systemClock.nowMs();
    const all = [...this.#running].filter(([, { scenario }]) => scenario !== "");
    const lines = all.slice(0, shownMax).map(([position, status]): Line => {
      const { scenario, step, stepsPlanned, phase, beganAt = now } = status;
      const of = stepsPlanned === undefined ? "" : `/${stepsPlanned}`;
      const what = step === undefined ? (phase?.name ?? "") : `${step.number}${of} ${step.title}`;
      const tookMs = Math.max(0, now - beganAt);
      return [
        "  ",
        tinted("·", "doubt"),
        faint(` ${position + 1} `),
        scenario,
        faint(`  ${duration(tookMs)}${what === "" ? "" : `  ${what}`}`),
      ];
    });
    return all.length > shownMax ? [...lines, [faint(`    and ${all.length - shownMax} more`)]] : lines;
  }
}
