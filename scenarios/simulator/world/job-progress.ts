import type { JobBehaviour } from "../plan/plan.ts";
import type { World } from "./world.ts";

/** How far a job is, in units of its own: it grows by itself for as long as the job runs, and costs no event. */
export class JobProgress {
  readonly #world: World;
  readonly #behaviour: JobBehaviour;
  /** Units done when they were last counted. */
  #counted: number;
  #countedAtMs: number;
  #runs = true;

  constructor(world: World, behaviour: JobBehaviour, startedFrom: number) {
    this.#world = world;
    this.#behaviour = behaviour;
    this.#counted = startedFrom;
    this.#countedAtMs = world.nowMs;
  }

  /** Units done, the one under way in part. */
  get units(): number {
    if (!this.#runs) return this.#counted;
    const { unitMs, units } = this.#behaviour;
    const since = unitMs === 0 ? units : (this.#world.nowMs - this.#countedAtMs) / unitMs;
    return this.#counted + Math.min(since, Math.max(0, units - this.#counted));
  }

  /** Its process stands still or is gone. */
  halt(): void {
    this.#counted = this.units;
    this.#runs = false;
  }

  goOn(): void {
    this.#countedAtMs = this.#world.nowMs;
    this.#runs = true;
  }

  /** It ended by itself, so far on. */
  endAt(units: number): void {
    this.#counted = units;
    this.#runs = false;
  }
}
