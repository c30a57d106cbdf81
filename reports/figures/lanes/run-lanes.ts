import { assert } from "../../../foundation/assert.ts";
import type { HistoryRecord } from "../../../protocol/history.ts";
import { AgentLanes } from "./agent-lanes.ts";
import { BrokerLanes } from "./broker-lanes.ts";
import { FaultLanes } from "./fault-lanes.ts";
import { HarnessLanes } from "./harness-lanes.ts";
import { type Lanes, type LaneSource, rounded, Texts } from "./lane.ts";
import { LatencyLanes } from "./latency-lanes.ts";

/**
 * The timeline of a run: what the harness did, what it broke, every process of broker and agents with its states,
 * sandboxes and leases, and what was measured.
 */
export class RunLanes {
  readonly #texts = new Texts();
  readonly #sources: readonly LaneSource[] = [
    new HarnessLanes(this.#texts),
    new FaultLanes(this.#texts),
    new BrokerLanes(this.#texts),
    new AgentLanes(this.#texts),
    new LatencyLanes(this.#texts),
  ];
  readonly #beganAt: number;
  #endMs = 0;

  /** @param beganAt when the run began, in ms since the epoch */
  constructor(beganAt: number) {
    assert(Number.isFinite(beganAt), "a run begins at some time");
    this.#beganAt = beganAt;
  }

  see(record: HistoryRecord): void {
    // Another process's clock may be a little behind that of the first record's.
    const atMs = Math.max(0, record.at - this.#beganAt);
    this.#endMs = Math.max(this.#endMs, atMs);
    for (const source of this.#sources) source.see(record, atMs);
  }

  finished(): Lanes {
    const endMs = rounded(this.#endMs);
    const lanes = this.#sources.flatMap((source) => source.lanes(endMs)).filter(({ from }) => from.length > 0);
    return { endMs, lanes, texts: this.#texts.all };
  }
}
