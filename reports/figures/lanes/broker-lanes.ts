import type { HistoryRecord } from "../../../protocol/history.ts";
import { type Lane, LaneBuilder, type Texts, type LaneSource } from "./lane.ts";
import { RowPacking } from "./row-packing.ts";

interface Broker {
  readonly pid: number;
  readonly life: LaneBuilder;
  /** Agents that it started itself. */
  readonly started: RowPacking;
  span: number | undefined;
}

/** Each broker's process, and below it those of the agents that it started on its own host. */
export class BrokerLanes implements LaneSource {
  readonly #brokers = new Map<string, Broker>();
  readonly #texts: Texts;

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  see(record: HistoryRecord, atMs: number): void {
    if (record.type === "broker.started") this.#start(record.source, atMs, record.data);
    if (record.type === "broker.stopped") this.#stop(this.#brokers.get(record.source), atMs);
    if (record.type === "process.exit") {
      for (const broker of this.#brokers.values()) if (broker.pid === record.data.pid) this.#stop(broker, atMs);
    }
    if (record.type !== "witness.execution") return;
    const { executionId, change, pid, exitCode } = record.data;
    const started = [...this.#brokers.values()].at(-1)?.started;
    const text = `${executionId}, pid ${pid}`;
    if (change === "began") started?.stage(executionId, atMs, { tone: "process", text });
    else started?.end(executionId, atMs, { text: `${text}, ${exitCode === null ? "killed" : `exit ${exitCode}`}` });
  }

  lanes(endMs: number): Lane[] {
    return [...this.#brokers].flatMap(([source, { pid, life, started }]) => [
      life.lane({ id: source, depth: 0, label: `broker, pid ${pid}` }, endMs),
      ...started.rows.map((row, index) =>
        row.lane({ id: `${source}-${index}`, depth: 1, label: index === 0 ? "agents it started" : "" }, endMs),
      ),
    ]);
  }

  #start(source: string, atMs: number, { pid, url, store }: { pid: number; url: string; store: string }): void {
    const life = new LaneBuilder(this.#texts);
    const span = life.begin(atMs, "process", `pid ${pid}, ${url}, ${store} store`);
    this.#brokers.set(source, { pid, life, started: new RowPacking(this.#texts), span });
  }

  #stop(broker: Broker | undefined, atMs: number): void {
    if (broker?.span === undefined) return;
    broker.life.end(broker.span, atMs);
    broker.span = undefined;
  }
}
