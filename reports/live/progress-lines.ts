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
      return this.#begin(`step ${data.index}`, {
        at,
        margin,
        title: data.title,
        what: `step ${this.#number(data.index)}  `,
      });
    }
    if (type === "step.end") {
      const title = this.#begun.get(`step ${data.index}`)?.title ?? data.step;
      return [this.#stepEnd({ ...data, title, margin, took: this.#took(`step ${data.index}`, at) })];
    }
    return [];
  }

  #begin(key: string, { at, margin, title, what }: { at: number; margin: Piece; title: string; what: string }): Line[] {
    this.#begun.set(key, { at, title });
    return this.#everyEdge ? [[margin, `  ${what}`, title]] : [];
  }

  #stepEnd(end: {
    index: number;
    outcome: "done" | "failed";
    detail: string;
    title: string;
    margin: Piece;
    took: string;
  }): Line {
    const done = end.outcome === "done";
    const number = this.#number(end.index);
    const line: Piece[] = [end.margin, "  "];
    if (this.#everyEdge) line.push(`step ${number}  ${done ? "done" : "FAILED"} in ${end.took}`);
    else
      line.push(
        tinted(done ? "✓" : "✗", done ? "good" : "bad"),
        faint(` ${number}`),
        `  ${end.title}`,
        faint(`  ${end.took}`),
      );
    if (end.detail !== "") line.push(done ? faint(`  ${end.detail}`) : tinted(`  ${end.detail}`, "bad"));
    return line;
  }

  #number(index: number): string {
    return `${index + 1}${this.#total}`;
  }

  #took(key: string, at: number): string {
    const begun = this.#begun.get(key);
    return begun === undefined ? "?" : duration(Math.max(0, at - begun.at));
  }
}

const told = new Set<HistoryRecord["type"]>(["run.started", "run.phase", "step.begin", "step.end"]);
