import type { RecordEvent } from "../../../protocol/history-recorder.ts";
import { type CpuTimes, cpuTimes, type Witness } from "./witness.ts";

interface Watched {
  readonly agentId: string;
  readonly witness: Witness;
  readonly before: CpuTimes;
  readonly sinceMs: number;
}

/**
 * Watches from outside that nothing of a paused agent runs until something is asked of it that lets it run (I5), while
 * the harness does other things. What is killed in a pause has not run.
 */
export class PauseWatch {
  readonly #record: RecordEvent;
  readonly #watched = new Map<string, Watched>();
  readonly #asked = new Map<string, number>();

  constructor(record: RecordEvent) {
    this.#record = record;
  }

  /**
   * The agent is asked to pause.
   *
   * @returns to be called once it says that it has; watches nothing when it was asked for something else meanwhile
   */
  pausing(name: string): (agentId: string, look: () => Witness) => void {
    const asked = this.#asked.get(name) ?? 0;
    return (agentId, look) => {
      if (this.#watched.has(name) || (this.#asked.get(name) ?? 0) !== asked) return;
      const witness = look();
      const before = cpuTimes(witness.processes());
      this.#watched.set(name, { agentId, witness, before, sinceMs: performance.now() });
    };
  }

  /** Something is about to be asked of the agent, or done to it, after which its jobs may run. */
  ending(name: string): void {
    this.#asked.set(name, (this.#asked.get(name) ?? 0) + 1);
    const watched = this.#watched.get(name);
    if (watched === undefined) return;
    this.#watched.delete(name);
    const { agentId, witness, before, sinceMs } = watched;
    const after = cpuTimes(witness.processes());
    let cpuUsedUs = 0;
    let running = witness.running().length;
    for (const [pid, usedUs] of after) {
      const earlier = before.get(pid);
      if (earlier === undefined) running += 1;
      else cpuUsedUs += Math.max(0, usedUs - earlier);
    }
    witness.close();
    const forMs = performance.now() - sinceMs;
    this.#record("witness.frozen", { agentId, processes: before.size, running, cpuUsedUs, forMs });
  }

  close(): void {
    for (const { witness } of this.#watched.values()) witness.close();
    this.#watched.clear();
  }
}
