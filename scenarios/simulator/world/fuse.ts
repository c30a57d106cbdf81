export type KillEdge = "before" | "torn" | "after";

/**
 * Kills a process after so many effects: before the last of them, half-way through it (a line of its journal is torn),
 * or after it. Whoever carries out effects asks at each.
 */
export class Fuse {
  #effects = Infinity;
  #edge: KillEdge = "after";
  #die: (() => void) | null = null;

  light({ effects, edge, die }: { effects: number; edge: KillEdge; die: () => void }): void {
    this.#effects = effects;
    this.#edge = edge;
    this.#die = die;
  }

  putOut(): void {
    this.#effects = Infinity;
    this.#die = null;
  }

  /**
   * To be asked before each line of a journal. A torn line never existed; an effect that writes none is carried out.
   *
   * @returns whether the process died over it
   */
  tears(): boolean {
    const die = this.#die;
    if (die === null || this.#effects !== 1 || this.#edge !== "torn") return false;
    this.putOut();
    die();
    return true;
  }

  /**
   * To be asked before and after each effect.
   *
   * @returns whether the process is dead now
   */
  burns(when: "before" | "after"): boolean {
    const die = this.#die;
    if (die === null) return false;
    const last = this.#effects === 1;
    if (when === "after") this.#effects -= 1;
    if (!last || (when === "before") !== (this.#edge === "before")) return false;
    this.putOut();
    die();
    return true;
  }
}
