import type { HistoryRecord } from "../../../protocol/history.ts";
import { type Lane, LaneBuilder, type Texts, type LaneSource } from "./lane.ts";
import { RowPacking } from "./row-packing.ts";

/** The run's phases, and the steps of its plan; steps that go on together are beneath each other. */
export class HarnessLanes implements LaneSource {
  readonly #phases: LaneBuilder;
  readonly #steps: RowPacking;
  readonly #open = new Map<string, number>();

  constructor(texts: Texts) {
    this.#phases = new LaneBuilder(texts);
    this.#steps = new RowPacking(texts);
  }

  see(record: HistoryRecord, atMs: number): void {
    if (record.type === "run.phase") {
      const { phase, edge } = record.data;
      const span = this.#open.get(phase);
      if (edge === "begin") this.#open.set(phase, this.#phases.begin(atMs, "phase", phase));
      else if (span !== undefined) this.#phases.end(span, atMs);
    }
    if (record.type === "step.begin") {
      const { index, step, title } = record.data;
      this.#steps.stage(`${index}`, atMs, { tone: "step", text: `step ${index}, ${step}: ${title}` });
    }
    if (record.type === "step.end") {
      this.#steps.end(`${record.data.index}`, atMs, record.data.outcome === "failed" ? { tone: "failed" } : {});
    }
  }

  lanes(endMs: number): Lane[] {
    return [
      this.#phases.lane({ id: "phases", depth: 0, label: "run: phases" }, endMs),
      ...this.#steps.rows.map((row, index) =>
        row.lane({ id: `steps-${index}`, depth: 1, label: index === 0 ? "steps" : "" }, endMs),
      ),
    ];
  }
}
