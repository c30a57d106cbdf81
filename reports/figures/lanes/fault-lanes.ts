import type { HistoryData, HistoryRecord } from "../../../protocol/history.ts";
import type { Lane, LaneSource, Texts } from "./lane.ts";
import { RowPacking } from "./row-packing.ts";

/** From when to when something was broken on purpose: by the harness, or by a broker that was ordered to misbehave. */
export class FaultLanes implements LaneSource {
  readonly #rows: RowPacking;

  constructor(texts: Texts) {
    this.#rows = new RowPacking(texts);
  }

  see(record: HistoryRecord, atMs: number): void {
    if (record.type === "fault.applied") {
      this.#rows.stage(keyOf(record.data), atMs, {
        tone: "fault",
        text: `${nameOf(record.data)}: ${record.data.detail}`,
      });
    }
    if (record.type === "fault.effect") this.#effect(record.data);
    if (record.type === "fault.undone") this.#rows.end(keyOf(record.data), atMs);
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

  /** It may be measured after the fault is undone. */
  #effect(data: HistoryData<"fault.effect">): void {
    const { seen, lookedFor, found } = data;
    const text = `${nameOf(data)}: ${seen ? "effect seen" : "no effect seen"}, looked for ${lookedFor}, found ${found}`;
    this.#rows.tell(keyOf(data), { tone: seen ? "effect" : "failed", text });
  }
}

type FaultName = Pick<HistoryData<"fault.undone">, "fault" | "target" | "faultId" | "kind">;

const keyOf = ({ fault, target, faultId }: FaultName): string =>
  faultId === undefined ? `${fault} ${target}` : `#${faultId}`;

const nameOf = ({ fault, target, kind }: FaultName): string =>
  `${kind === undefined || kind === fault ? fault : `${kind} (${fault})`} on ${target}`;
