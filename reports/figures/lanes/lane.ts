import { assert } from "../../../foundation/assert.ts";
import type { HistoryRecord } from "../../../protocol/history.ts";

/** How a span looks, and what it stands for. A span names its tone by the place in this list. */
export const laneTones = [
  "phase",
  "step",
  "failed",
  "fault",
  "effect",
  "process",
  "Enrolling",
  "Idle",
  "Working",
  "Paused",
  "Withdrawing",
  "Withdrawn",
  "frozen",
  "spawning",
  "running",
  "killing",
  "lease",
  "returned",
  "lost",
] as const;
export type LaneTone = (typeof laneTones)[number];

/** One row of the timeline. The lists are as long as each other, in the order of `from`. Times in ms since the run began. */
export interface Lane {
  /** Stable within a run. */
  readonly id: string;
  /** 0 for a group's first row, 1 for what belongs to it, 2 below that. */
  readonly depth: number;
  readonly label: string;
  /** `spans`: from, to. `points`: at `from` something took `to` ms. */
  readonly kind: "spans" | "points";
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Places in `laneTones`. */
  readonly tone: readonly number[];
  /** Places in the texts that all lanes share. */
  readonly text: readonly number[];
}

/** The rows of a run from top to bottom. */
export interface Lanes {
  readonly endMs: number;
  readonly lanes: readonly Lane[];
  readonly texts: readonly string[];
}

/** Sees every record once, in the history's order, and draws its rows of the timeline. */
export interface LaneSource {
  /** @param atMs since the run began */
  see(record: HistoryRecord, atMs: number): void;
  lanes(endMs: number): Lane[];
}

/** Every text once. */
export class Texts {
  readonly all: string[] = [];
  readonly #places = new Map<string, number>();

  place(text: string): number {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.all.length);
    return this.all.push(text) - 1;
  }
}

/** A lane that is being written. A span is begun, and ended by whoever holds its number. */
export class LaneBuilder {
  readonly from: number[] = [];
  readonly to: number[] = [];
  readonly tone: number[] = [];
  readonly text: number[] = [];
  readonly #texts: Texts;

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  /** A span whose end is not known yet lasts until the end of the run. */
  begin(fromMs: number, tone: LaneTone, text: string): number {
    return this.add(fromMs, { to: Infinity, tone, text });
  }

  end(span: number, toMs: number, over: { readonly tone?: LaneTone; readonly text?: string } = {}): void {
    assert(span < this.to.length, "a span ends after it began");
    this.to[span] = Math.max(this.from[span] as number, rounded(toMs));
    this.tell(span, over);
  }

  tell(span: number, over: { readonly tone?: LaneTone; readonly text?: string }): void {
    if (over.tone !== undefined) this.tone[span] = laneTones.indexOf(over.tone);
    if (over.text !== undefined) this.text[span] = this.#texts.place(over.text);
  }

  add(
    fromMs: number,
    { to, tone, text }: { readonly to: number; readonly tone: LaneTone; readonly text: string },
  ): number {
    this.from.push(rounded(fromMs));
    this.to.push(rounded(to));
    this.tone.push(laneTones.indexOf(tone));
    return this.text.push(this.#texts.place(text)) - 1;
  }

  lane(head: Pick<Lane, "id" | "depth" | "label"> & { readonly kind?: Lane["kind"] }, endMs: number): Lane {
    const to = this.to.map((at) => (at === Infinity ? rounded(endMs) : at));
    return { kind: "spans", ...head, from: this.from, to, tone: this.tone, text: this.text };
  }
}

/** Microseconds are as fine as any clock here. */
export function rounded(ms: number): number {
  return ms === Infinity ? ms : Math.round(ms * 1000) / 1000;
}
