import { once } from "node:events";
import { Worker } from "node:worker_threads";

import { messageOf } from "../../foundation/errors.ts";
import type { Failure } from "../simulator/outcome.ts";
import type { Plan } from "../simulator/plan/plan.ts";
import type { FailingSeed, HuntTask, HuntWorkerData, ShrunkPlan } from "./hunt-worker.ts";
import type { Mutant } from "./mutant.ts";

/** A thread that begins nothing new for so long is stuck in a run that will not end, in milliseconds. */
const stuckAfterMs = 60_000;
const lookEveryMs = 1_000;

/** The mutant makes a run go on for ever. */
export class StuckError extends Error {
  override readonly name = "StuckError";
}

/**
 * A thread that runs seeds with one mutant, or with the sources as they are. It does one thing after the other, whoever
 * asks. Close it, or the process goes on.
 */
export class HuntThread {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #begun = new Int32Array(new SharedArrayBuffer(4));
  readonly #failed: Promise<never>;
  /** Settles when what was asked for last is done. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(mutant: Mutant | null) {
    this.#name = mutant === null ? "the sources as they are" : `the mutant ${mutant.name}`;
    const data: HuntWorkerData = { mutant, begun: this.#begun.buffer };
    this.#worker = new Worker(new URL("hunt-worker.ts", import.meta.url), { workerData: data });
    const broke = once(this.#worker, "error").then(([error]) => {
      throw new Error(`A run with ${this.#name} broke: ${messageOf(error)}`, { cause: error });
    });
    const ended = once(this.#worker, "exit").then(() => {
      throw new Error(`The thread with ${this.#name} ended before it had answered.`);
    });
    this.#failed = Promise.race([broke, ended]);
    // Whoever asks next hears of it.
    for (const failing of [broke, ended, this.#failed]) failing.catch(() => undefined);
  }

  /**
   * The first of the seeds that fails.
   *
   * @throws StuckError when a run does not end
   */
  async firstFailing(seeds: Omit<Extract<HuntTask, { kind: "seeds" }>, "kind">): Promise<FailingSeed | null> {
    return (await this.#ask({ kind: "seeds", ...seeds })) as FailingSeed | null;
  }

  async shrink(wanted: Omit<Extract<HuntTask, { kind: "shrink" }>, "kind">): Promise<ShrunkPlan> {
    return (await this.#ask({ kind: "shrink", ...wanted })) as ShrunkPlan;
  }

  async failureOf(plan: Plan): Promise<Failure | null> {
    return (await this.#ask({ kind: "plan", plan })) as Failure | null;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(task: HuntTask): Promise<unknown> {
    const answer = this.#last.then(() => this.#askNow(task));
    this.#last = answer.catch(() => undefined);
    return await answer;
  }

  async #askNow(task: HuntTask): Promise<unknown> {
    const watch = this.#watch();
    try {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage(task);
      const [answer] = (await Promise.race([once(this.#worker, "message"), this.#failed, watch.stuck])) as unknown[];
      return answer;
    } finally {
      watch.end();
    }
  }

  /** Looks from outside whether the thread gets on, because nothing in it can while a run does not end. */
  #watch(): { readonly stuck: Promise<never>; readonly end: () => void } {
    const { promise: stuck, reject } = Promise.withResolvers<never>();
    stuck.catch(() => undefined);
    let before = -1;
    let sinceMs = performance.now();
    const timer = setInterval(() => {
      const now = Atomics.load(this.#begun, 0);
      if (now !== before) {
        before = now;
        sinceMs = performance.now();
      } else if (performance.now() - sinceMs > stuckAfterMs) {
        reject(new StuckError(`A run with ${this.#name} did not end within ${stuckAfterMs} ms.`));
      }
    }, lookEveryMs);
    return { stuck, end: () => clearInterval(timer) };
  }
}
