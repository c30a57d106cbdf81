import type { ChoiceStream } from "../kernel/choices.ts";
import { durationMs, type World } from "./world.ts";

/** The most that one commit takes while the store is well, in milliseconds. */
const commitMsMax = 4;

/**
 * When what is written is in the store. One commit is under way at a time; whatever comes meanwhile is written together
 * by the next, as the real broker's commit queue does (broker-sim/io/stores/commit-queue.ts).
 */
export class CommitGroups {
  readonly #world: World;
  readonly #stream: ChoiceStream;
  /** When the commit under way ends, and when the one that gathers behind it will; 0 for none. */
  #underWayMs = 0;
  #gatheringMs = 0;
  #stallsUntilMs = 0;

  constructor(world: World, stream: ChoiceStream) {
    this.#world = world;
    this.#stream = stream;
  }

  /** When everything that was written so far is in the store. */
  get idleAtMs(): number {
    return Math.max(this.#underWayMs, this.#gatheringMs);
  }

  get isStalled(): boolean {
    return this.#stallsUntilMs > this.#world.nowMs;
  }

  /** Something is written now. @returns when it is in the store */
  write(): number {
    const { nowMs } = this.#world;
    if (this.#underWayMs <= nowMs) {
      this.#underWayMs = this.#gatheringMs;
      this.#gatheringMs = 0;
    }
    if (this.#underWayMs <= nowMs) this.#underWayMs = this.#endAfter(nowMs);
    else if (this.#gatheringMs === 0) this.#gatheringMs = this.#endAfter(this.#underWayMs);
    return this.idleAtMs;
  }

  /** No commit begins for so long. */
  stall(forMs: number): void {
    this.#stallsUntilMs = Math.max(this.#stallsUntilMs, this.#world.nowMs + forMs);
  }

  /** Nothing is under way any more: all is written, or whoever wrote it died. */
  clear(): void {
    this.#underWayMs = 0;
    this.#gatheringMs = 0;
  }

  wake(): void {
    this.#stallsUntilMs = 0;
    this.clear();
  }

  #endAfter(beginMs: number): number {
    const commitMs = durationMs(this.#stream, "commit", { minMs: 0, maxMs: commitMsMax });
    return Math.max(beginMs, this.#stallsUntilMs) + commitMs;
  }
}
