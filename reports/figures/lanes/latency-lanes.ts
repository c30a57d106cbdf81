import type { HistoryRecord } from "../../../protocol/history.ts";
import { type Lane, LaneBuilder, type LaneTone, type Texts, type LaneSource } from "./lane.ts";

/** What was measured when, one row a series: how long a freeze, a resume, a checkpoint and a withdrawal took. */
export class LatencyLanes implements LaneSource {
  readonly #series = new Map<string, LaneBuilder>();
  readonly #texts: Texts;

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  see({ type, data }: HistoryRecord, atMs: number): void {
    if (type === "witness.freeze") this.#measured("freeze, from outside", atMs, { ms: data.latencyMs, tone: "frozen" });
    if (type === "agent.frozen" && data.processes > 0) {
      this.#measured("freeze, by the agent", atMs, { ms: data.freezeMs, tone: "frozen" });
    }
    if (type === "witness.resume")
      this.#measured("resume, from outside", atMs, { ms: data.latencyMs, tone: "running" });
    if (type === "agent.checkpoint") this.#measured("checkpoint", atMs, { ms: data.durationMs, tone: "lease" });
    if (type === "agent.withdrawal") {
      const ms = Math.max(0, data.report.endedAt - data.report.startedAt);
      this.#measured("withdrawal", atMs, { ms, tone: "Withdrawing" });
    }
  }

  lanes(endMs: number): Lane[] {
    return [...this.#series].map(([label, builder]) =>
      builder.lane({ id: `latency-${label}`, depth: 0, label, kind: "points" }, endMs),
    );
  }

  #measured(label: string, atMs: number, { ms, tone }: { readonly ms: number; readonly tone: LaneTone }): void {
    const series = this.#series.get(label) ?? new LaneBuilder(this.#texts);
    this.#series.set(label, series);
    series.add(atMs, { to: ms, tone, text: label });
  }
}
