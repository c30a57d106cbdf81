import type { HistoryData, HistoryRecord, HistoryType } from "../../../protocol/history.ts";
import { defaultTiming } from "../../../protocol/timing.ts";
import { Coverage } from "../coverage.ts";
import { replayTape, type Tape } from "../kernel/choices.ts";
import type { PlanOptions } from "../plan/plan.ts";
import { World } from "../world/world.ts";

/** Every message takes exactly so long on its way, in milliseconds, unless its link is disturbed. */
export const wayMs = 10;

export const smallOptions: PlanOptions = {
  agents: 1,
  slots: 1,
  timing: { ...defaultTiming, heartbeatIntervalMs: 1_000, requestTimeoutMs: 1_000, eventHeartbeatMs: 5_000 },
  safetyMs: 60_000,
  livenessMs: 600_000,
  joinWithinMs: 0,
  latencyMsMin: wayMs,
  latencyMsMax: wayMs,
  clockSkewMs: 0,
  encoding: "objects",
};

/** A world with nothing in it, in which everything is benign but for the draws that a test names. */
export class SmallWorld {
  readonly world: World;
  readonly records: HistoryRecord[] = [];

  constructor({ draws = {}, options = {} }: { draws?: Draws; options?: Partial<PlanOptions> } = {}) {
    this.world = new World({
      options: { ...smallOptions, ...options },
      tape: tapeOf(draws),
      coverage: new Coverage(),
      onRecord: (record) => this.records.push(record),
    });
  }

  get nowMs(): number {
    return this.world.nowMs;
  }

  /** Lets everything happen until then, and then is there. */
  passUntil(atMs: number): void {
    while (this.world.happenNext(atMs));
    this.world.nowMs = atMs;
  }

  at(atMs: number, happens: () => void): void {
    this.world.heap.push(atMs, { happen: happens }, 0, null);
  }

  /** What was recorded of one type, oldest first. */
  said<T extends HistoryType>(type: T): HistoryData<T>[] {
    return this.records.filter((record) => record.type === type).map(({ data }) => data as HistoryData<T>);
  }
}

/** By stream, what its first draws give; everything after them is benign. */
export type Draws = Readonly<Record<string, readonly number[]>>;

export function tapeOf(draws: Draws): Tape {
  return replayTape(
    Object.entries(draws).flatMap(([stream, values]) =>
      values.map((value, index) => ({ stream, index, kind: "any", max: value, value })),
    ),
  );
}
