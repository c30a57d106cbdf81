import { sometimes } from "../../foundation/sometimes.ts";
import { BinaryHeap } from "./binary-heap.ts";

/** The queued jobs by their order; jobs that left (cancelled) are skipped when their turn comes. */
export class JobQueue {
  readonly #heap = new BinaryHeap<string>();
  readonly #orders = new Map<string, number>();
  #front = 0;
  #back = 0;

  get size(): number {
    return this.#orders.size;
  }

  has(jobId: string): boolean {
    return this.#orders.has(jobId);
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

  add(jobId: string, order: number): void {
    this.#front = Math.min(this.#front, order);
    this.#back = Math.max(this.#back, order);
    this.#orders.set(jobId, order);
    this.#heap.push(order, jobId);
  }

  remove(jobId: string): void {
    this.#orders.delete(jobId);
  }

  /** Takes the first job that is wanted, or undefined when none is queued. Those before it keep their places. */
  take(isWanted: (jobId: string) => boolean): string | undefined {
    const passedOver: { readonly jobId: string; readonly order: number }[] = [];
    const taken = this.#takeFirst(isWanted, passedOver);
    for (const { jobId, order } of passedOver) this.#heap.push(order, jobId);
    return taken;
  }

  #takeFirst(
    isWanted: (jobId: string) => boolean,
    passedOver: { readonly jobId: string; readonly order: number }[],
  ): string | undefined {
    for (;;) {
      const order = this.#heap.firstKey;
      const jobId = this.#heap.pop();
      if (jobId === undefined || order === undefined) return undefined;
      if (this.#orders.get(jobId) !== order) {
        sometimes("a cancelled job was skipped in the queue");
      } else if (!isWanted(jobId)) {
        passedOver.push({ jobId, order });
      } else {
        this.#orders.delete(jobId);
        return jobId;
      }
    }
  }
}
