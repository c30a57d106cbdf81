import type { HistoryRecord } from "../../../protocol/history.ts";
import type { Lane, Texts, LaneSource } from "./lane.ts";
import { RowPacking } from "./row-packing.ts";

/** From when to when something was broken on purpose: by the harness, or by a broker that was ordered to misbehave. */
export class FaultLanes implements LaneSource {
  readonly #rows: RowPacking;

  constructor(texts: Texts) {
    this.#rows = new RowPacking(texts);
  }

  see(record: HistoryRecord, atMs: number): void {
    if (record.type === "fault.applied") {
      const { fault, target, detail } = record.data;
      this.#rows.stage(`${fault} ${target}`, atMs, { tone: "fault", text: `${fault} on ${target}: ${detail}` });
    }
    if (record.type === "fault.undone") this.#rows.end(`${record.data.fault} ${record.data.target}`, atMs);
    if (record.type !== "broker.fault") return;
    const { ruleId, kind, stage, hits } = record.data;
    const key = `${record.source} ${ruleId}`;
    if (stage === "put") this.#rows.stage(key, atMs, { tone: "fault", text: `broker: ${kind} (${ruleId})` });
    else this.#rows.end(key, atMs, { text: `broker: ${kind} (${ruleId}), ${stage} after ${hits} effects` });
  }

  lanes(endMs: number): Lane[] {
    return this.#rows.rows.map((row, index) =>
      row.lane({ id: `faults-${index}`, depth: index === 0 ? 0 : 1, label: index === 0 ? "faults" : "" }, endMs),
    );
  }
}
