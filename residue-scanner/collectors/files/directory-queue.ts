import { assert } from "../../../foundation/assert.ts";

const bytesMax = 1024 * 1024;
const field = { lock: 0, used: 1, items: 2, idle: 3, finished: 4, version: 5 } as const;
const controlWords = 8;
const lengthBytes = 4;

/** What `DirectoryQueue` needs to be opened in another thread. */
export interface DirectoryQueueHandle {
  readonly control: SharedArrayBuffer;
  readonly data: SharedArrayBuffer;
  readonly workers: number;
}

export function newDirectoryQueue(workers: number): DirectoryQueueHandle {
  assert(workers >= 1, "somebody takes from the queue");
  return { control: new SharedArrayBuffer(controlWords * 4), data: new SharedArrayBuffer(bytesMax), workers };
}

/**
 * Directories that any worker may take: a stack in shared memory behind a spin lock (held for one copy of a path).
 * Each worker keeps what it found for itself and gives away only while others have too little; so the lock is rarely
 * touched, and no worker idles while another has work.
 */
export class DirectoryQueue {
  readonly #control: Int32Array;
  readonly #bytes: Buffer;
  readonly #workers: number;

  constructor({ control, data, workers }: DirectoryQueueHandle) {
    this.#control = new Int32Array(control);
    this.#bytes = Buffer.from(data);
    this.#workers = workers;
  }

  /** Whether the others may run out of work; no lock, a guess is enough. */
  get isLow(): boolean {
    return Atomics.load(this.#control, field.items) < 2 * this.#workers;
  }

  /** @returns false when there is no room */
  give(path: Buffer): boolean {
    const control = this.#control;
    this.#acquire();
    const used = control[field.used] as number;
    const needed = path.length + lengthBytes;
    const fits = used + needed <= bytesMax;
    if (fits) {
      path.copy(this.#bytes, used);
      this.#bytes.writeUInt32LE(path.length, used + path.length);
      control[field.used] = used + needed;
      Atomics.add(control, field.items, 1);
    }
    this.#release();
    if (fits) this.#wake();
    return fits;
  }

  /** Waits until there is a directory to take, or until all workers wait, which is the end: undefined. */
  take(): Buffer | undefined {
    const control = this.#control;
    for (let isIdle = false; !this.isFinished; isIdle = true) {
      const version = Atomics.load(control, field.version);
      const path = this.#takeOrIdle(isIdle);
      if (path !== undefined) return path;
      if (!this.isFinished) Atomics.wait(control, field.version, version);
    }
    return undefined;
  }

  /** Ends every worker at its next directory. */
  finish(): void {
    Atomics.store(this.#control, field.finished, 1);
    this.#wake();
  }

  get isFinished(): boolean {
    return Atomics.load(this.#control, field.finished) === 1;
  }

  /**
   * One step under the lock, so that nobody can see an empty stack and all others idle while one of them has just taken
   * the last directory: then the walk would end and lose what lies below it.
   */
  #takeOrIdle(isIdle: boolean): Buffer | undefined {
    const control = this.#control;
    this.#acquire();
    const path = this.#pop();
    if (path !== undefined && isIdle) Atomics.sub(control, field.idle, 1);
    const idle = path === undefined && !isIdle ? Atomics.add(control, field.idle, 1) + 1 : 0;
    this.#release();
    // The last one to find nothing knows that nobody will give anything any more.
    if (idle === this.#workers) this.finish();
    return path;
  }

  #pop(): Buffer | undefined {
    const control = this.#control;
    const used = control[field.used] as number;
    if (used === 0) return undefined;
    const end = used - lengthBytes;
    const start = end - this.#bytes.readUInt32LE(end);
    control[field.used] = start;
    Atomics.sub(control, field.items, 1);
    return Buffer.from(this.#bytes.subarray(start, end));
  }

  #wake(): void {
    Atomics.add(this.#control, field.version, 1);
    Atomics.notify(this.#control, field.version);
  }

  #acquire(): void {
    while (Atomics.compareExchange(this.#control, field.lock, 0, 1) !== 0);
  }

  #release(): void {
    Atomics.store(this.#control, field.lock, 0);
  }
}
