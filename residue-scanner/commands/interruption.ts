import { InterruptedError } from "../../foundation/errors.ts";

const readingEnds = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const heldBack = [...readingEnds, "SIGQUIT"] as const;

/** What a signal means to this program: while the host is only read, that the reading ends. */
export class Interruption {
  readonly #controller = new AbortController();
  #isLeftToAnother = false;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Does the work and lets a signal end it; outside of it signals mean something else. */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await listening(
      readingEnds,
      () => this.#stop(),
      async () => await work(this.signal),
    );
  }

  /**
   * Does work that makes things which it must take away again: from its beginning to its end a signal ends nothing by
   * itself, it aborts `signal`. The work looks at that before each step that would be in vain.
   */
  async heldDuring<T>(work: () => Promise<T>): Promise<T> {
    const stop = () => {
      if (!this.#isLeftToAnother) this.#stop();
    };
    return await listening(heldBack, stop, work);
  }

  /** Within `heldDuring`: does work that handles signals by itself. */
  async leftTo<T>(work: () => Promise<T>): Promise<T> {
    this.#isLeftToAnother = true;
    try {
      return await work();
    } finally {
      this.#isLeftToAnother = false;
    }
  }

  #stop(): void {
    this.#controller.abort(interrupted());
  }
}

async function listening<T>(signals: readonly NodeJS.Signals[], stop: () => void, work: () => Promise<T>): Promise<T> {
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

function interrupted(): InterruptedError {
  return new InterruptedError("Interrupted.", { code: "interrupted", next: "Start again when you like." });
}
