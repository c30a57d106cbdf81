import { InterruptedError } from "../../foundation/errors.ts";

/** SIGINT and SIGTERM while the host is only read: the reading ends, and there is nothing to undo. */
export class Interruption {
  readonly #controller = new AbortController();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Does the work and lets a signal end it; outside of it signals mean something else. */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = () => this.#controller.abort(interrupted());
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
    try {
      return await work(this.signal);
    } finally {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    }
  }
}

function interrupted(): InterruptedError {
  return new InterruptedError("Interrupted.", { code: "interrupted", next: "Start again when you like." });
}
