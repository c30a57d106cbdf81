import type { RecordOf } from "../checker.ts";
import { Instances } from "../instances.ts";
import { violation, type Violation } from "../story.ts";

interface Pause {
  /** The log has its start, so that a first Paused cannot have been missed. */
  known: boolean;
  /** The broker heeds only this one by now, and nothing that an earlier one sent and that was delayed on its way. */
  enrolled: boolean;
  /** The wish of an earlier one came late, and the broker heeds that one until this one has enrolled again. */
  overtaken: boolean;
  /** How often the store had forgotten something when it was taken in; it may heed an earlier one after the next time. */
  losses: number;
  wasPaused: boolean;
  paused: RecordOf<"agent.state"> | null;
  frozen: RecordOf<"agent.frozen"> | null;
  /** The leases of this freeze whose checkpoint is saved or given up, and those that ended since. */
  readonly settled: Set<string>;
  readonly ended: Set<string>;
  /** An acknowledgement that came too early, unless what is missing turns out to have ended before the freeze. */
  suspect: Violation | null;
}

/**
 * Holds acknowledged pauses against the checkpoints of their freezes (I8).
 *
 * A sandbox whose end crossed the freeze is counted by it and gets no checkpoint, and its end is told only once all its
 * processes are gone. So an acknowledgement with one too few is suspect at first, and wrong when everything is thawed
 * and the missing one has not ended. One that was delayed on its way, and arrives when the agent has resumed, says
 * nothing.
 */
export class PauseAcknowledgements {
  readonly #instances = new Instances<Pause>(() => ({
    ...{
      known: false,
      enrolled: false,
      overtaken: false,
      losses: 0,
      wasPaused: false,
      paused: null,
      frozen: null,
      suspect: null,
    },
    ...{ settled: new Set<string>(), ended: new Set<string>() },
  }));
  readonly #suspects = new Set<Pause>();
  #losses = 0;

  storeLost(): void {
    this.#losses += 1;
  }

  started(record: RecordOf<"agent.started">): void {
    this.#instances.of(record.source).known = true;
    this.#drop(this.#instances.started(record));
  }

  enrolled(record: RecordOf<"broker.enrolled">): void {
    const pause = this.#instances.enrolled(record);
    const latest = this.#instances.ofAgent(record.data.agentId);
    if (latest !== undefined) latest.overtaken = latest !== pause;
    if (pause === undefined) return;
    pause.enrolled = true;
    pause.losses = this.#losses;
  }

  moved(record: RecordOf<"agent.state">): void {
    const pause = this.#instances.of(record.source);
    pause.paused = record.data.to === "Paused" ? record : null;
    if (pause.paused !== null) pause.wasPaused = true;
    // What the withdrawal ends now, nobody can tell from what had ended before.
    if (record.data.to === "Withdrawing") this.#drop(pause);
  }

  frozen(record: RecordOf<"agent.frozen">): void {
    const pause = this.#instances.of(record.source);
    pause.frozen = record;
    pause.ended.clear();
  }

  settled({ source, data }: RecordOf<"agent.checkpoint"> | RecordOf<"agent.checkpoint-failed">): void {
    const pause = this.#instances.of(source);
    if (pause.frozen !== null) pause.settled.add(data.leaseId);
  }

  executed({ source, data }: RecordOf<"agent.execution">): void {
    if (data.to !== "spawning" && data.to !== "running") end(this.#instances.of(source), data.leaseId);
  }

  /** A slot that is broken never tells the end of its execution, but the broker hears of it. */
  released({ data }: RecordOf<"broker.released">): void {
    const pause = this.#instances.ofAgent(data.agentId);
    if (pause !== undefined) end(pause, data.leaseId);
  }

  acknowledged(record: RecordOf<"broker.pause-acknowledged">): Violation | null {
    const agent = `agent ${record.data.agentId.slice(0, 12)}`;
    const pause = this.#instances.ofAgent(record.data.agentId);
    if (pause === undefined || pause.overtaken) return null;
    if (pause.enrolled && pause.losses !== this.#losses) return null;
    if (pause.known && pause.enrolled && !pause.wasPaused)
      return violation(`${agent} had a pause acknowledged and never paused`, record);
    if (pause.paused === null || missing(pause) === 0) return null;
    const summary = `${agent} had a pause acknowledged with ${missing(pause)} sandboxes that have no checkpoint`;
    pause.suspect = violation(summary, pause.frozen, pause.paused, record);
    this.#suspects.add(pause);
    return null;
  }

  thawed({ source }: RecordOf<"agent.thawed">): Violation | null {
    const pause = this.#instances.of(source);
    const wrong = missing(pause) > 0 ? pause.suspect : null;
    pause.frozen = null;
    pause.settled.clear();
    pause.ended.clear();
    this.#drop(pause);
    return wrong;
  }

  /** What is suspect at the end of the log, because nothing came any more that explains it. */
  suspect(): Violation | null {
    for (const pause of this.#suspects) if (missing(pause) > 0) return pause.suspect;
    return null;
  }

  #drop(pause: Pause | undefined): void {
    if (pause === undefined || pause.suspect === null) return;
    pause.suspect = null;
    this.#suspects.delete(pause);
  }
}

function missing({ frozen, settled, ended }: Pause): number {
  return Math.max(0, (frozen?.data.sandboxes ?? 0) - settled.size - ended.size);
}

function end(pause: Pause, leaseId: string): void {
  if (pause.frozen === null) return;
  pause.settled.delete(leaseId);
  pause.ended.add(leaseId);
}
