import { statSync } from "node:fs";

import type { ControlServer } from "./control-server.ts";
import type { Home } from "./home.ts";

export interface HomeWatchOptions {
  readonly home: Home;
  readonly control: ControlServer;
  readonly warn: (sentence: string) => void;
  /** The home was taken away, or another one lies in its place; said once. */
  readonly onGone: () => void;
}

/** How often an agent looks whether its home and socket are still there, in milliseconds. */
const intervalMs = 1_000;

/**
 * Looks after what an agent needs of its home while it runs: a ledger or control socket that somebody removed is made
 * anew, and a home that was removed as a whole is told. Nobody but the withdrawal, which stops the watch, removes them.
 */
export class HomeWatch {
  readonly #options: HomeWatchOptions;
  readonly #inode: string | null;
  readonly #timer: NodeJS.Timeout;
  #gone = false;
  #ledgerMissed = false;
  #stopped = false;

  constructor(options: HomeWatchOptions) {
    this.#options = options;
    this.#inode = inodeOf(options.home.paths.home);
    this.#timer = setInterval(() => void this.#look(), intervalMs).unref();
  }

  /** Whether the home is there, looked at now. */
  isThere(): boolean {
    const { home, warn, onGone } = this.#options;
    if (this.#gone) return false;
    if (this.#stopped) return true;
    const found = home.ledger.condition();
    if (found === "whole") return true;
    const { paths } = home;
    const isSame = inodeOf(paths.home) === this.#inode;
    if (isSame && inodeOf(paths.lock) !== null) {
      // Whoever is about to remove the whole home may have begun with the ledger: that shows by the next look.
      if (found === "gone" && !this.#ledgerMissed) return true;
      home.ledger.rewrite();
      warn(`Somebody has changed or removed ${paths.ledger} while the agent ran; it was written anew.`);
      return true;
    }
    this.#gone = true;
    this.stop();
    // What is still in it is the agent's, and the withdrawal wipes it.
    if (isSame) home.ledger.rewrite();
    onGone();
    return false;
  }

  /** From now on nothing is missed: the agent itself is about to take it away. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { home, control, warn } = this.#options;
    const isThere = this.isThere();
    this.#ledgerMissed = home.ledger.condition() === "gone";
    if (!isThere || !(await control.renew())) return;
    warn(`Somebody had removed ${home.paths.control} while the agent ran; it was made anew.`);
  }
}

function inodeOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}
