import { readFileSync, writeFileSync } from "node:fs";

import { readProcess } from "./proc-stat.ts";

/**
 * While jobs run, the agent's own session goes before ordinary programs (autogroup, sched(7)): it has little to do then,
 * and who has the processors back late is the donor. Short turns (`io/short-turns.ts`) alone do not help whoever has used
 * its share just now, as an agent has that resumed a moment ago: measured on two processors with jobs in three slots, one
 * pause in eight took more than 10 ms with them alone, and with this too one in sixty. As soon as the jobs stand still it
 * is an ordinary program again, and so it is while it packs a checkpoint though they go on, or brings one back: nothing of
 * that is to be at the owner's expense.
 *
 * Nine times an ordinary share, not all: an agent that ran wild would leave the host a tenth of what it burns on.
 */
const niceness = { first: "-10", ordinary: "0" } as const;

/** Where this process leads a session of its own, whose niceness is nobody else's, and this user may raise it again. */
export class ComesFirst {
  readonly #path: string | null;
  #isFirst = false;

  /** @param who by default this process, and not by its number: /proc may be of another PID namespace, and that number another's */
  constructor(who: number | "self" = "self") {
    const stat = readProcess(who);
    this.#path = stat !== null && stat.session === stat.pid ? `/proc/${who}/autogroup` : null;
  }

  /** Whether it is to come first from now on; to say so again costs nothing. */
  set(isFirst: boolean): void {
    if (this.#path === null || isFirst === this.#isFirst) return;
    const [from, to] = isFirst ? [niceness.ordinary, niceness.first] : [niceness.first, niceness.ordinary];
    try {
      // A donor who gave the session a niceness of their own, before or meanwhile, keeps it.
      if (nicenessIn(this.#path) === from) writeFileSync(this.#path, to);
      else if (isFirst) return;
      this.#isFirst = isFirst;
    } catch {
      // This user may not, or the kernel has no autogroups: it goes on as any program does.
    }
  }
}

/** "/autogroup-17 nice 0" */
function nicenessIn(path: string): string | undefined {
  return readFileSync(path, "latin1").trimEnd().split(" ").at(-1);
}
