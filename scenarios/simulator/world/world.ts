import { assert } from "../../../foundation/assert.ts";
import type { HistoryActor, HistoryData, HistoryRecord, HistoryType } from "../../../protocol/history.ts";
import type { Coverage } from "../coverage.ts";
import { EventHeap } from "../kernel/event-heap.ts";
import type { ChoiceStream, Tape } from "../kernel/choices.ts";
import type { PlanOptions } from "../plan/plan.ts";
import { ActiveFaults } from "./active-faults.ts";
import { BlobContents } from "./blob-contents.ts";
import { demandRecord } from "./history-forms.ts";

/** Whatever the moment 0 of a run is on every wall clock that is right, in milliseconds since the epoch. */
const startWallMs = 1_767_225_600_000;

/** More events in one moment than so many mean that somebody wakes itself up for ever without a wait. */
const eventsAtOnceMin = 20_000;
const eventsAtOncePerAgent = 200;

/** Something with a clock of its own that says things in the history. */
export interface HistorySource {
  readonly actor: HistoryActor;
  readonly name: string;
  /** Its wall clock minus the right one, in milliseconds. */
  readonly clockOffsetMs: number;
  nextSequence: number;
}

export interface WorldOptions {
  readonly options: PlanOptions;
  readonly tape: Tape;
  readonly coverage: Coverage;
  /** Null where nobody listens: then no record is made. */
  readonly onRecord: ((record: HistoryRecord) => void) | null;
}

/** What everything in a run shares: the time, what is to happen, the decisions, the history. */
export class World {
  readonly heap = new EventHeap();
  readonly options: PlanOptions;
  readonly tape: Tape;
  readonly coverage: Coverage;
  readonly faults = new ActiveFaults();
  readonly blobs = new BlobContents();
  readonly harness: HistorySource = { actor: "harness", name: "simulation", clockOffsetMs: 0, nextSequence: 0 };
  /** The right time since the run began, in milliseconds. */
  nowMs = 0;
  /** Inputs that reducers took. */
  steps = 0;
  /** Requests that owners made. */
  requests = 0;
  events = 0;
  records = 0;
  /** Whether whatever leaves a brain is looked at as a whole; else only whether something is missing. */
  readonly isStrict: boolean;
  readonly #onRecord: WorldOptions["onRecord"];
  /** Events since the time moved last. */
  #eventsAtOnce = 0;

  constructor({ options, tape, coverage, onRecord }: WorldOptions) {
    this.options = options;
    this.tape = tape;
    this.coverage = coverage;
    this.#onRecord = onRecord;
    this.isStrict = options.encoding === "bytes";
  }

  /** The wall clock of somebody whose clock is off by so much. */
  wallMs(clockOffsetMs: number): number {
    return startWallMs + this.nowMs + clockOffsetMs;
  }

  record<T extends HistoryType>(source: HistorySource, type: T, data: HistoryData<T>): void {
    this.records += 1;
    const sequence = source.nextSequence;
    source.nextSequence = sequence + 1;
    const { actor, name, clockOffsetMs } = source;
    if (this.#onRecord === null) return;
    demandRecord(type, data, this.isStrict);
    this.#onRecord({ at: this.wallMs(clockOffsetMs), actor, source: name, sequence, type, data } as HistoryRecord);
  }

  /** Lets the next event happen, if one does before or at that time. */
  happenNext(untilMs: number): boolean {
    const { heap } = this;
    const atMs = heap.nextAtMs;
    if (atMs > untilMs) return false;
    if (atMs > this.nowMs) this.#eventsAtOnce = 0;
    this.nowMs = atMs;
    this.events += 1;
    this.#eventsAtOnce += 1;
    assert(this.#eventsAtOnce <= eventsAtOnceMin + eventsAtOncePerAgent * this.options.agents, "time goes on");
    heap.happenNext();
    return true;
  }
}

/** A duration from `minMs` (benign) to `maxMs`, in whole milliseconds above it. */
export function durationMs(
  stream: ChoiceStream,
  kind: string,
  { minMs, maxMs }: { minMs: number; maxMs: number },
): number {
  return maxMs <= minMs ? minMs : minMs + stream.upTo(kind, Math.ceil(maxMs - minMs));
}
