import type { ProcessStat } from "./proc-stat.ts";
import { keyOf } from "./stop-processes.ts";

type Kin = Pick<ProcessStat, "pid" | "parent" | "startTime">;

/**
 * Tells an enclosure's own processes from a job's, by descent: the outermost, which is the agent's child; its child,
 * the first of the PID namespace; that one's first child, the keeper; and what the keeper starts. Everything of the job
 * descends from those, and who loses its parent becomes the child of the namespace's first.
 */
export class Keepers {
  readonly #outermost: number;
  #keeper: number | null = null;
  /** Whoever was recognised once: at the end each loses its parent before it goes itself. */
  readonly #known = new Set<string>();

  /** @param outermost the pid of the agent's child */
  constructor(outermost: number) {
    this.#outermost = outermost;
  }

  /** Finds the keeper while it is certain that nothing of the job runs yet. Returns whether it is there. */
  learn(all: readonly Kin[]): boolean {
    const first = all.find(({ parent }) => parent === this.#outermost);
    this.#keeper = all.find(({ parent }) => parent === first?.pid)?.pid ?? null;
    for (const one of all) this.#known.add(keyOf(one));
    return this.#keeper !== null;
  }

  isKeeper(one: Kin): boolean {
    // Before the keeper was told to go on, there is nobody else.
    if (this.#keeper === null) return true;
    if (one.parent === this.#keeper) this.#known.add(keyOf(one));
    return this.#known.has(keyOf(one));
  }

  /** The job's own first process: the child of the keeper's `setsid`; null when it is gone. */
  leaderIn(all: readonly Kin[]): number | null {
    const children = all.filter(({ parent }) => parent === this.#keeper);
    for (const one of children) this.#known.add(keyOf(one));
    return all.find(({ parent }) => children.some(({ pid }) => pid === parent))?.pid ?? null;
  }
}
