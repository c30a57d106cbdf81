import { assert } from "../../foundation/assert.ts";
import { limits } from "../../foundation/limits.ts";
import { sometimes } from "../../foundation/sometimes.ts";
import { BinaryHeap } from "./binary-heap.ts";
import { type JobRecord, priorityOf } from "./records.ts";

/** What a job is queued by. */
export type Queueable = Pick<JobRecord, "jobId" | "queueOrder" | "job">;

/** Orders stay within this, both ways: more than there will ever be hand-backs. */
const orderMax = 2 ** 44;
/** So far apart are the keys of two priorities: whatever its order, no job comes before one of a higher priority. */
const priorityStep = 2 * orderMax;

assert(
  Number.isSafeInteger(limits.priorityMax * priorityStep + orderMax),
  "the keys of all priorities are whole numbers",
);

/**
 * The queued jobs: those of the highest priority first, and of one priority by their order. Jobs that wait after a
 * failed attempt stand aside until they are added. Jobs that left (cancelled) are skipped when their turn comes.
 */
export class JobQueue {
  readonly #heap = new BinaryHeap<string>();
  readonly #keys = new Map<string, number>();
  readonly #aside = new Set<string>();
  #front = 0;
  #back = 0;

  /** How many can be offered. */
  get size(): number {
    return this.#keys.size;
  }

  /** How many wait until they can be. */
  get waiting(): number {
    return this.#aside.size;
  }

  has(jobId: string): boolean {
    return this.#keys.has(jobId);
  }

  hasAside(jobId: string): boolean {
    return this.#aside.has(jobId);
  }

  /** An order behind every one given so far. */
  nextBack(): number {
    this.#back += 1;
    return this.#back;
  }

  /** An order before every one given so far. */
  nextFront(): number {
    this.#front -= 1;
    return this.#front;
  }

  add(job: Queueable): void {
    this.#noteOrder(job);
    this.#aside.delete(job.jobId);
    const key = job.queueOrder - priorityOf(job) * priorityStep;
    this.#keys.set(job.jobId, key);
    this.#heap.push(key, job.jobId);
  }

  /** It keeps its place, and is passed by until it is added. */
  putAside(job: Queueable): void {
    this.#noteOrder(job);
    this.#aside.add(job.jobId);
  }

  remove(jobId: string): void {
    this.#keys.delete(jobId);
    this.#aside.delete(jobId);
  }

  /** Takes the first job that is wanted, or undefined when none is queued. Those before it keep their places. */
  take(isWanted: (jobId: string) => boolean): string | undefined {
    const passedOver: { readonly jobId: string; readonly key: number }[] = [];
    const taken = this.#takeFirst(isWanted, passedOver);
    for (const { jobId, key } of passedOver) this.#heap.push(key, jobId);
    return taken;
  }

  #noteOrder({ queueOrder }: Queueable): void {
    assert(Math.abs(queueOrder) < orderMax, "orders stay far apart from those of other priorities");
    this.#front = Math.min(this.#front, queueOrder);
    this.#back = Math.max(this.#back, queueOrder);
  }

  #takeFirst(
    isWanted: (jobId: string) => boolean,
    passedOver: { readonly jobId: string; readonly key: number }[],
  ): string | undefined {
    for (;;) {
      const key = this.#heap.firstKey;
      const jobId = this.#heap.pop();
      if (jobId === undefined || key === undefined) return undefined;
      if (this.#keys.get(jobId) !== key) {
        sometimes("a cancelled job was skipped in the queue");
      } else if (!isWanted(jobId)) {
        passedOver.push({ jobId, key });
      } else {
        this.#keys.delete(jobId);
        return jobId;
      }
    }
  }
}
