import type { RecordedProcess } from "./recording.ts";

/** When processes were gone together with all that come from them. */
export class Lifetimes {
  readonly #processes: ReadonlyMap<number, RecordedProcess>;
  readonly #ends = new Map<number, number>();
  #children: ReadonlyMap<number | null, readonly RecordedProcess[]> | null = null;

  /** @param processes by serial */
  constructor(processes: ReadonlyMap<number, RecordedProcess>) {
    this.#processes = processes;
  }

  /** Wall time in ms; infinite where one of them runs on, or nothing is known of it. */
  endOf(serial: number): number {
    const known = this.#ends.get(serial);
    if (known !== undefined) return known;
    this.#children ??= Map.groupBy(this.#processes.values(), ({ parent }) => parent);
    let endMs = Number.NEGATIVE_INFINITY;
    // Lineage may be deeper than a stack.
    const open = [this.#processes.get(serial)];
    while (open.length > 0) {
      const process = open.pop();
      endMs = Math.max(endMs, process?.toMs ?? Number.POSITIVE_INFINITY);
      if (endMs === Number.POSITIVE_INFINITY) break;
      for (const child of this.#children.get(process?.serial ?? null) ?? []) open.push(child);
    }
    this.#ends.set(serial, endMs);
    return endMs;
  }
}
