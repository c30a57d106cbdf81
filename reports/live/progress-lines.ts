import type { HistoryRecord } from "../../protocol/history.ts";
import { runHeading } from "../summary/run-heading.ts";
import { duration, sinceStart } from "../text/duration.ts";
import { faint, type Line, type Piece, tinted } from "../text/line.ts";
import { printableRecord } from "../text/printable.ts";

/**
 * The lines that stay while a run goes on: what runs, each phase, each step.
 *
 * @param everyEdge whether beginnings are told too; not on a terminal, where the status block shows them
 */
export class ProgressLines {
  readonly #everyEdge: boolean;
  readonly #begun = new Map<string, { at: number; title: string }>();
  #beganAt: number | undefined;
  /** Of the step of the plan that is being played. */
  #nestedLines = 0;
  #total = "";

  constructor({ everyEdge }: { everyEdge: boolean }) {
    this.#everyEdge = everyEdge;
  }

  /** What a record adds, which is nothing for most. */
  linesFor(raw: HistoryRecord, columns: number): Line[] {
    this.#beganAt ??= raw.at;
    if (!told.has(raw.type)) return [];
    const { at, type, data } = printableRecord(raw);
    const margin = faint(sinceStart(at - this.#beganAt));
    if (type === "run.started") {
      this.#total = data.steps === undefined ? "" : `/${data.steps}`;
      return runHeading(data, columns);
    }
    if (type === "run.phase") {
      const key = `phase ${data.phase}`;
      if (data.edge === "begin") return this.#begin(key, { at, margin, title: data.phase, what: "phase " });
      return [
        [
          margin,
          "  ",
          faint(this.#everyEdge ? `phase ${data.phase} took ` : `· ${data.phase}  `),
          faint(this.#took(key, at)),
        ],
      ];
    }
    if (type === "step.begin") {
      if (data.path === undefined) this.#nestedLines = 0;
      else if (this.#nestedLines >= nestedLinesMax) return this.#note(numberOf(data), { at, title: data.title });
      return this.#begin(`step ${numberOf(data)}`, {
        at,
        margin,
        title: data.title,
        what: `step ${this.#number(data)}  `,
      });
    }
    if (type === "step.end") {
      const key = `step ${numberOf(data)}`;
      const title = this.#begun.get(key)?.title ?? data.step;
      const line = this.#stepEnd({ ...data, title, margin, took: this.#took(key, at) });
      this.#begun.delete(key);
      if (data.path === undefined) return [line];
      this.#nestedLines += 1;
      return this.#nestedLines <= nestedLinesMax || data.outcome !== "done" ? [line] : [];
    }
    return [];
  }

  #begin(key: string, { at, margin, title, what }: { at: number; margin: Piece; title: string; what: string }): Line[] {
    this.#begun.set(key, { at, title });
    return this.#everyEdge ? [[margin, `  ${what}`, title]] : [];
  }

  /** Remembered without a word. */
  #note(number: string, begun: { at: number; title: string }): Line[] {
    this.#begun.set(`step ${number}`, begun);
    return [];
  }

  #stepEnd(end: {
    index: number;
    path?: string | undefined;
    outcome: "done" | "failed" | "not-applicable";
    detail: string;
    title: string;
    margin: Piece;
    took: string;
  }): Line {
    const done = end.outcome !== "failed";
    const { mark, word, tone } = outcomes[end.outcome];
    const number = this.#number(end);
    const line: Piece[] = [end.margin, "  "];
    if (this.#everyEdge) line.push(`step ${number}  ${word} in ${end.took}`);
    else line.push(tinted(mark, tone), faint(` ${number}`), `  ${end.title}`, faint(`  ${end.took}`));
    if (end.detail !== "") line.push(done ? faint(`  ${end.detail}`) : tinted(`  ${end.detail}`, "bad"));
    return line;
  }

  #number(step: WhichStep): string {
    return step.path ?? `${numberOf(step)}${this.#total}`;
  }

  #took(key: string, at: number): string {
    const begun = this.#begun.get(key);
    return begun === undefined ? "?" : duration(Math.max(0, at - begun.at));
  }
}

const outcomes = {
  done: { mark: "✓", word: "done", tone: "good" },
  failed: { mark: "✗", word: "FAILED", tone: "bad" },
  "not-applicable": { mark: "–", word: "not applicable", tone: "doubt" },
} as const;

type WhichStep = { readonly index: number; readonly path?: string | undefined };

const numberOf = ({ index, path }: WhichStep): string => path ?? String(index + 1);

/** Of each step of the plan so many that it holds are told of; the history has them all. Failures are always told. */
const nestedLinesMax = 12;

const told = new Set<HistoryRecord["type"]>(["run.started", "run.phase", "step.begin", "step.end"]);
